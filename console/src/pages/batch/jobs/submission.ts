// From the fields of the form to SubmitJob's request, and from a job back to the fields. Pure.

import type { JobDetail, ResourceRequirement, SubmitJobCommandInput } from "@aws-sdk/client-batch";

import { words } from "../words";

export const FIRST = {
  name: "",
  queue: "",
  definition: "",
  kind: "single",
  size: "2",
  dependsOn: "",
  share: "",
  command: "",
  vcpus: "",
  memory: "",
  attempts: "",
  environment: "",
  parameters: "",
};
export type Draft = typeof FIRST;

export function submission(draft: Draft): SubmitJobCommandInput {
  const needs: ResourceRequirement[] = [
    ...(draft.vcpus ? [{ type: "VCPU" as const, value: draft.vcpus }] : []),
    ...(draft.memory ? [{ type: "MEMORY" as const, value: draft.memory }] : []),
  ];
  const environment = pairs(draft.environment).map(([name, value]) => ({ name, value }));
  const command = words(draft.command);
  const overrides = {
    ...(command.length > 0 ? { command } : {}),
    ...(needs.length > 0 ? { resourceRequirements: needs } : {}),
    ...(environment.length > 0 ? { environment } : {}),
  };
  const parameters = Object.fromEntries(pairs(draft.parameters));
  const ids = draft.dependsOn.split(/[\s,]+/).filter(Boolean);
  return {
    jobName: draft.name,
    jobQueue: draft.queue,
    jobDefinition: draft.definition,
    ...(draft.kind === "array" ? { arrayProperties: { size: Number(draft.size) } } : {}),
    ...(ids.length > 0 ? { dependsOn: ids.map((jobId) => ({ jobId })) } : {}),
    ...(draft.share ? { shareIdentifier: draft.share } : {}),
    ...(draft.attempts ? { retryStrategy: { attempts: Number(draft.attempts) } } : {}),
    ...(Object.keys(parameters).length > 0 ? { parameters } : {}),
    ...(Object.keys(overrides).length > 0 ? { containerOverrides: overrides } : {}),
  };
}

/** The fields that submit the same job once more. */
export function clone(job: JobDetail): Partial<Draft> {
  const container = job.container;
  const need = (type: string) => container?.resourceRequirements?.find((one) => one.type === type)?.value ?? "";
  const lines = (values: [string, string][]) => values.map(([name, value]) => `${name}=${value}`).join("\n");
  return {
    name: job.jobName ?? "",
    queue: job.jobQueue?.split("/").at(-1) ?? "",
    definition: job.jobDefinition?.split("/").at(-1) ?? "",
    kind: job.arrayProperties?.size ? "array" : "single",
    size: String(job.arrayProperties?.size ?? 2),
    share: job.shareIdentifier ?? "",
    command: container?.command?.length ? JSON.stringify(container.command) : "",
    vcpus: need("VCPU"),
    memory: need("MEMORY"),
    attempts: job.retryStrategy?.attempts ? String(job.retryStrategy.attempts) : "",
    environment: lines((container?.environment ?? []).map((one) => [one.name ?? "", one.value ?? ""])),
    parameters: lines(Object.entries(job.parameters ?? {})),
  };
}

function pairs(text: string): [string, string][] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    });
}
