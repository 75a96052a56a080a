// Batch › Job queues › Create: name, priority and the environments in their order.

import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { CreateJobQueueCommand } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { batch } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { useDraft } from "../../../parts/useDraft";
import { describeComputeEnvironments } from "../../../queries";
import { useRegion } from "../../../region";
import { notify } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";

const FIRST = { name: "", priority: "1", environments: [] as string[] };

export default function CreateJobQueue() {
  useDocumentTitle("Create job queue | Batch");
  const [region] = useRegion();
  const navigate = useNavigate();
  const [draft, change, forget] = useDraft("job-queue", FIRST);
  const [error, fail] = useState<unknown>(null);
  const { data } = useQuery({
    queryKey: ["compute-environments", region],
    queryFn: () => describeComputeEnvironments(region),
  });
  const options = (data ?? []).map((one) => ({
    value: one.computeEnvironmentArn as string,
    label: one.computeEnvironmentName as string,
  }));
  async function create() {
    try {
      await batch(region).send(
        new CreateJobQueueCommand({
          jobQueueName: draft.name,
          priority: Number(draft.priority),
          state: "ENABLED",
          computeEnvironmentOrder: draft.environments.map((computeEnvironment, index) => ({
            order: index + 1,
            computeEnvironment,
          })),
        }),
      );
      forget();
      notify({ type: "success", content: `The job queue ${draft.name} is being created.` });
      void navigate("/batch/job-queues");
    } catch (raised) {
      fail(raised);
    }
  }
  return (
    <ContentLayout header={<Header variant="h1">Create job queue</Header>}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={() => void navigate("/batch/job-queues")}>
              Cancel
            </Button>
            <Button variant="primary" onClick={() => void create()}>
              Create job queue
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error !== null && <Failure error={error} />}
          <Container header={<Header variant="h2">Job queue configuration</Header>}>
            <SpaceBetween size="m">
              <FormField label="Name">
                <Input value={draft.name} onChange={({ detail }) => change({ name: detail.value })} />
              </FormField>
              <FormField label="Priority" description="Queues with a higher number are served first.">
                <Input
                  type="number"
                  value={draft.priority}
                  onChange={({ detail }) => change({ priority: detail.value })}
                />
              </FormField>
              <FormField label="Connected compute environments" description="In the order in which jobs are placed.">
                <Multiselect
                  options={options}
                  selectedOptions={draft.environments.map(
                    (value) => options.find((one) => one.value === value) ?? { value, label: value },
                  )}
                  onChange={({ detail }) =>
                    change({ environments: detail.selectedOptions.map((one) => one.value as string) })
                  }
                  placeholder="Choose compute environments"
                  deselectAriaLabel={(one) => `Remove ${one.label}`}
                />
              </FormField>
            </SpaceBetween>
          </Container>
        </SpaceBetween>
      </Form>
    </ContentLayout>
  );
}
