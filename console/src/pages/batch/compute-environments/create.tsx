// Batch › Compute environments › Create: a Fargate or EC2 environment; without a role Batch makes and uses its own.

import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ComputeResource, CreateComputeEnvironmentCommand } from "@aws-sdk/client-batch";
import { useState } from "react";
import { useNavigate } from "react-router";

import { batch } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { useDraft } from "../../../parts/useDraft";
import { useRegion } from "../../../region";
import { notify } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { useNetwork } from "./useNetwork";

const FIRST = {
  name: "",
  type: "FARGATE",
  max: "16",
  min: "0",
  subnets: "",
  groups: "",
  instanceRole: "",
  instanceTypes: "optimal",
  serviceRole: "",
};
type Draft = typeof FIRST;

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

export default function CreateComputeEnvironment() {
  useDocumentTitle("Create compute environment | Batch");
  const [region] = useRegion();
  const navigate = useNavigate();
  const [draft, change, forget] = useDraft("compute-environment", FIRST);
  const [error, fail] = useState<unknown>(null);
  const [busy, work] = useState(false);
  const network = useNetwork(region);
  const ec2 = draft.type === "EC2" || draft.type === "SPOT";
  async function create() {
    work(true);
    try {
      await batch(region).send(
        new CreateComputeEnvironmentCommand({
          computeEnvironmentName: draft.name,
          type: "MANAGED",
          ...(draft.serviceRole ? { serviceRole: draft.serviceRole } : {}),
          computeResources: resources(draft, network),
        }),
      );
      forget();
      notify({ type: "success", content: `The compute environment ${draft.name} is being created.` });
      void navigate("/batch/compute-environments");
    } catch (raised) {
      fail(raised);
      work(false);
    }
  }
  const text = (field: keyof Draft, label: string, description = "") => (
    <FormField label={label} description={description}>
      <Input value={draft[field]} onChange={({ detail }) => change({ [field]: detail.value })} />
    </FormField>
  );
  return (
    <ContentLayout header={<Header variant="h1">Create compute environment</Header>}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={() => void navigate("/batch/compute-environments")}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void create()}>
              Create compute environment
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {error !== null && <Failure error={error} />}
          <Container header={<Header variant="h2">Compute environment configuration</Header>}>
            <SpaceBetween size="m">
              {text("name", "Name")}
              <FormField label="Provisioning model">
                <RadioGroup
                  value={draft.type}
                  onChange={({ detail }) => change({ type: detail.value })}
                  items={["FARGATE", "FARGATE_SPOT", "EC2", "SPOT"].map((value) => ({ value, label: value }))}
                />
              </FormField>
              {text("serviceRole", "Service role", "Leave empty: AWS Batch creates and uses AWSServiceRoleForBatch.")}
            </SpaceBetween>
          </Container>
          <Container header={<Header variant="h2">Instance configuration</Header>}>
            <SpaceBetween size="m">
              {ec2 && text("min", "Minimum vCPUs")}
              {text("max", "Maximum vCPUs")}
              {ec2 && text("instanceRole", "Instance role", "The name or ARN of an instance profile.")}
              {ec2 && text("instanceTypes", "Instance types", "Separated by commas.")}
            </SpaceBetween>
          </Container>
          <Container header={<Header variant="h2">Network configuration</Header>}>
            <SpaceBetween size="m">
              {text("subnets", "Subnets", `Leave empty for those of the default VPC: ${network.subnets.join(", ")}`)}
              {text("groups", "Security groups", `Leave empty for the default one: ${network.groups.join(", ")}`)}
            </SpaceBetween>
          </Container>
        </SpaceBetween>
      </Form>
    </ContentLayout>
  );
}

function resources(draft: Draft, network: { subnets: string[]; groups: string[] }): ComputeResource {
  const common = {
    type: draft.type as ComputeResource["type"],
    maxvCpus: Number(draft.max),
    subnets: draft.subnets ? words(draft.subnets) : network.subnets,
    securityGroupIds: draft.groups ? words(draft.groups) : network.groups,
  };
  if (draft.type.startsWith("FARGATE")) return common;
  return {
    ...common,
    minvCpus: Number(draft.min),
    instanceRole: draft.instanceRole,
    instanceTypes: words(draft.instanceTypes),
  };
}
