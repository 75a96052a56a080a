// A job's time in two parts, waiting and running, drawn to scale.

import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { JobDetail } from "@aws-sdk/client-batch";

import { seconds } from "./seconds";

const WIDTH = 600;

export function Timeline({ job }: { job: JobDetail }) {
  const from = job.createdAt;
  if (from === undefined) return null;
  const started = job.startedAt;
  const until = job.stoppedAt ?? Date.now();
  const whole = Math.max(1, until - from);
  const waited = (started ?? until) - from;
  const cut = (WIDTH * waited) / whole;
  const ran = started === undefined ? 0 : until - started;
  const told = `Waited ${seconds(waited)}, ran ${seconds(ran)}`;
  return (
    <Container header={<Header variant="h2">Timeline</Header>}>
      <svg className="timeline" viewBox={`0 0 ${WIDTH} 20`} role="img" aria-label={told}>
        <rect className="waited" width={cut} height="20" />
        <rect className="ran" x={cut} width={WIDTH - cut} height="20" />
      </svg>
      <div>{told}</div>
    </Container>
  );
}
