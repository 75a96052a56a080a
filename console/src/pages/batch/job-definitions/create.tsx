// Batch › Job definitions › Create: a container's image, command and needs, or the whole request as JSON.

import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { RegisterJobDefinitionCommand, type RegisterJobDefinitionCommandInput } from "@aws-sdk/client-batch";
import { useState } from "react";
import { useNavigate } from "react-router";

import { batch } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { jsonError } from "../../../parts/jsonError";
import { useDraft } from "../../../parts/useDraft";
import { useRegion } from "../../../region";
import { notify } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { words } from "../words";

const FIRST = {
  name: "",
  platform: "FARGATE",
  image: "",
  command: "",
  vcpus: "0.25",
  memory: "512",
  executionRole: "",
  jobRole: "",
  json: "",
};
type Draft = typeof FIRST;

export function request(draft: Draft): RegisterJobDefinitionCommandInput {
  const fargate = draft.platform === "FARGATE";
  return {
    jobDefinitionName: draft.name,
    type: "container",
    platformCapabilities: [fargate ? "FARGATE" : "EC2"],
    containerProperties: {
      image: draft.image,
      command: words(draft.command),
      resourceRequirements: [
        { type: "VCPU", value: draft.vcpus },
        { type: "MEMORY", value: draft.memory },
      ],
      ...(draft.executionRole ? { executionRoleArn: draft.executionRole } : {}),
      ...(draft.jobRole ? { jobRoleArn: draft.jobRole } : {}),
    },
  };
}

export default function CreateJobDefinition() {
  useDocumentTitle("Create job definition | Batch");
  const [region] = useRegion();
  const navigate = useNavigate();
  const [draft, change, forget] = useDraft("job-definition", FIRST);
  const [error, fail] = useState<unknown>(null);
  const asJson = draft.json !== "";
  async function create() {
    try {
      const input = asJson ? (JSON.parse(draft.json) as RegisterJobDefinitionCommandInput) : request(draft);
      await batch(region).send(new RegisterJobDefinitionCommand(input));
      forget();
      notify({ type: "success", content: `The job definition ${input.jobDefinitionName} has been registered.` });
      void navigate("/batch/job-definitions");
    } catch (raised) {
      fail(raised);
    }
  }
  const text = (field: keyof Draft, label: string, description = "") => (
    <FormField label={label} description={description}>
      <Input value={draft[field]} onChange={({ detail }) => change({ [field]: detail.value })} />
    </FormField>
  );
  return (
    <ContentLayout header={<Header variant="h1">Create job definition</Header>}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={() => void navigate("/batch/job-definitions")}>
              Cancel
            </Button>
            <Button variant="primary" onClick={() => void create()}>
              Create job definition
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error !== null && <Failure error={error} />}
          <SegmentedControl
            label="Input"
            selectedId={asJson ? "json" : "form"}
            options={[
              { id: "form", text: "Form" },
              { id: "json", text: "JSON" },
            ]}
            onChange={({ detail }) =>
              change({ json: detail.selectedId === "json" ? JSON.stringify(request(draft), null, 2) : "" })
            }
          />
          {asJson ? (
            <Container header={<Header variant="h2">Job definition as JSON</Header>}>
              <FormField label="RegisterJobDefinition" errorText={jsonError(draft.json)} stretch>
                <Textarea
                  rows={24}
                  spellcheck={false}
                  value={draft.json}
                  onChange={({ detail }) => change({ json: detail.value })}
                />
              </FormField>
            </Container>
          ) : (
            <Container header={<Header variant="h2">Container configuration</Header>}>
              <SpaceBetween size="m">
                {text("name", "Name")}
                <SegmentedControl
                  label="Platform"
                  selectedId={draft.platform}
                  options={[
                    { id: "FARGATE", text: "Fargate" },
                    { id: "EC2", text: "EC2" },
                  ]}
                  onChange={({ detail }) => change({ platform: detail.selectedId })}
                />
                {text("image", "Image")}
                {text("command", "Command", "Separated by spaces, or a JSON list.")}
                {text("vcpus", "vCPUs")}
                {text("memory", "Memory (MiB)")}
                {text("executionRole", "Execution role", "An ARN. Fargate jobs need it.")}
                {text("jobRole", "Job role", "An ARN: whose permissions the job has.")}
              </SpaceBetween>
            </Container>
          )}
        </SpaceBetween>
      </Form>
    </ContentLayout>
  );
}
