// A job's log: its last lines, followed while it runs, with search and download.

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import type { JobDetail } from "@aws-sdk/client-batch";
import { GetLogEventsCommand, type OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { useEffect, useRef, useState } from "react";

import { logs } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { shownTime } from "../../../parts/Time";
import { saveText } from "../../../parts/saveText";

const EVERY_MS = 1000;
const MOST_LINES = 10_000;

export function JobLog({ job, region, live }: { job: JobDetail; region: string; live: boolean }) {
  const streams = streamsOf(job);
  const [chosen, choose] = useState<string | null>(null);
  const stream = chosen ?? streams.at(-1);
  const group = groupOf(job);
  const [following, follow] = useState(true);
  const [wanted, want] = useState("");
  const { lines, error } = useLines(region, group, stream, live && following);
  const shown = wanted === "" ? lines : lines.filter((line) => line.message?.includes(wanted));
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (live && following) end.current?.scrollIntoView({ block: "nearest" });
  }, [shown.length, live, following]);
  const text = () => lines.map((line) => line.message).join("\n") + "\n";
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={stream ? `${group} › ${stream}` : "The job has no log stream yet."}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Toggle checked={following} onChange={({ detail }) => follow(detail.checked)}>
                Follow
              </Toggle>
              <Button disabled={lines.length === 0} onClick={() => saveText(`${job.jobId}.log`, text())}>
                Download
              </Button>
            </SpaceBetween>
          }
        >
          Job log
        </Header>
      }
    >
      <SpaceBetween size="s">
        {error !== null && <Failure error={error} />}
        {streams.length > 1 && (
          <Select
            ariaLabel="Log stream"
            selectedOption={{ value: stream as string, label: stream as string }}
            options={streams.map((value) => ({ value, label: value }))}
            onChange={({ detail }) => choose(detail.selectedOption.value as string)}
          />
        )}
        <Input
          type="search"
          placeholder="Keywords"
          ariaLabel="Keywords"
          value={wanted}
          onChange={({ detail }) => want(detail.value)}
        />
        <div className="log" role="log" aria-label="Log lines" tabIndex={0}>
          {shown.map((line, at) => (
            <div key={at}>
              <span className="moment">{shownTime(line.timestamp)}</span> {line.message}
            </div>
          ))}
          {shown.length === 0 && <Box color="text-body-secondary">No lines</Box>}
          <div ref={end} />
        </div>
      </SpaceBetween>
    </Container>
  );
}

function groupOf(job: JobDetail): string {
  return job.container?.logConfiguration?.options?.["awslogs-group"] ?? "/aws/batch/job";
}

function streamsOf(job: JobDetail): string[] {
  const ofAttempts = (job.attempts ?? []).map((one) => one.container?.logStreamName);
  return [...new Set([...ofAttempts, job.container?.logStreamName])].filter((one) => one !== undefined);
}

/** The stream's lines from its beginning, and those that come while it is followed. */
function useLines(region: string, logGroupName: string, logStreamName: string | undefined, live: boolean) {
  const [lines, setLines] = useState<OutputLogEvent[]>([]);
  const [error, fail] = useState<unknown>(null);
  const token = useRef<string | undefined>(undefined);
  useEffect(() => {
    setLines([]);
    fail(null);
    token.current = undefined;
    if (logStreamName === undefined) return;
    let over = false;
    const read = async () => {
      const client = logs(region);
      while (!over) {
        const nextToken = token.current;
        const request = { logGroupName, logStreamName, startFromHead: true, ...(nextToken ? { nextToken } : {}) };
        const answer = await client.send(new GetLogEventsCommand(request));
        if (over) return;
        const events = answer.events ?? [];
        if (events.length > 0) setLines((before) => [...before, ...events].slice(-MOST_LINES));
        const atEnd = answer.nextForwardToken === nextToken;
        token.current = answer.nextForwardToken;
        // The forward token is the one that was sent where nothing more is there.
        if (!atEnd || events.length > 0) continue;
        if (!live) return;
        await new Promise((done) => setTimeout(done, EVERY_MS));
      }
    };
    read().catch((raised: unknown) => {
      if (!over) fail(raised);
    });
    return () => {
      over = true;
    };
  }, [region, logGroupName, logStreamName, live]);
  return { lines, error };
}
