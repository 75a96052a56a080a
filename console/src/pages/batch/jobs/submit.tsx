// Batch › Jobs › Submit job: single or array, with overrides; as a clone of another job where the address names it.

import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { DescribeJobsCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { batch } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { useDraft } from "../../../parts/useDraft";
import { describeJobDefinitions, describeJobQueues } from "../../../queries";
import { useRegion } from "../../../region";
import { notify } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { clone, FIRST, submission } from "./submission";

export default function SubmitJob() {
  useDocumentTitle("Submit job | Batch");
  const [region] = useRegion();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [draft, change, forget] = useDraft("job", FIRST);
  const [error, fail] = useState<unknown>(null);
  const cloned = search.get("clone");
  const { data: queues } = useQuery({ queryKey: ["job-queues", region], queryFn: () => describeJobQueues(region) });
  const { data: definitions } = useQuery({
    queryKey: ["job-definitions", region, "ACTIVE"],
    queryFn: () => describeJobDefinitions(region),
  });
  useEffect(() => {
    const queue = search.get("queue");
    const definition = search.get("definition");
    change({ ...(queue ? { queue } : {}), ...(definition ? { definition } : {}) });
    if (cloned === null) return;
    batch(region)
      .send(new DescribeJobsCommand({ jobs: [cloned] }))
      .then(({ jobs }) => jobs?.[0] && change(clone(jobs[0])))
      .catch(fail);
    // Once, as the page opens: what the person types afterwards stays.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  async function submit() {
    try {
      const answer = await batch(region).send(new SubmitJobCommand(submission(draft)));
      forget();
      notify({ type: "success", content: `The job ${answer.jobName} has been submitted: ${answer.jobId}` });
      void navigate(`/batch/jobs/${encodeURIComponent(answer.jobId as string)}`);
    } catch (raised) {
      fail(raised);
    }
  }
  const text = (field: keyof typeof FIRST, label: string, description = "") => (
    <FormField label={label} description={description}>
      <Input value={draft[field]} onChange={({ detail }) => change({ [field]: detail.value })} />
    </FormField>
  );
  const choice = (field: "queue" | "definition", label: string, values: string[]) => (
    <FormField label={label}>
      <Select
        filteringType="auto"
        selectedOption={draft[field] ? { value: draft[field], label: draft[field] } : null}
        options={values.map((value) => ({ value, label: value }))}
        onChange={({ detail }) => change({ [field]: detail.selectedOption.value as string })}
        placeholder={`Choose a ${label.toLowerCase()}`}
      />
    </FormField>
  );
  return (
    <ContentLayout header={<Header variant="h1">Submit job</Header>}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={() => void navigate("/batch/jobs")}>
              Cancel
            </Button>
            <Button variant="primary" onClick={() => void submit()}>
              Submit job
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error !== null && <Failure error={error} />}
          <Container header={<Header variant="h2">General configuration</Header>}>
            <SpaceBetween size="m">
              {text("name", "Name")}
              {choice("definition", "Job definition", (definitions ?? []).map((one) => `${one.jobDefinitionName}:${one.revision}`))}
              {choice("queue", "Job queue", (queues ?? []).map((one) => one.jobQueueName as string))}
              <FormField label="Job type">
                <RadioGroup
                  value={draft.kind}
                  onChange={({ detail }) => change({ kind: detail.value })}
                  items={[
                    { value: "single", label: "Single" },
                    { value: "array", label: "Array" },
                  ]}
                />
              </FormField>
              {draft.kind === "array" && text("size", "Array size", "2 to 10,000")}
              {text("dependsOn", "Job depends on", "Job ids, separated by commas.")}
              {text("share", "Share identifier", "For a queue with a scheduling policy.")}
            </SpaceBetween>
          </Container>
          <Container header={<Header variant="h2">Container overrides</Header>}>
            <SpaceBetween size="m">
              {text("command", "Command", "Space delimited, or a JSON list. Empty: the definition's.")}
              {text("vcpus", "vCPUs")}
              {text("memory", "Memory (MiB)")}
              {text("attempts", "Job attempts")}
              <FormField label="Environment variables" description="NAME=value, each on a line of its own.">
                <Textarea value={draft.environment} onChange={({ detail }) => change({ environment: detail.value })} />
              </FormField>
              <FormField label="Parameters" description="name=value, each on a line of its own.">
                <Textarea value={draft.parameters} onChange={({ detail }) => change({ parameters: detail.value })} />
              </FormField>
            </SpaceBetween>
          </Container>
        </SpaceBetween>
      </Form>
    </ContentLayout>
  );
}
