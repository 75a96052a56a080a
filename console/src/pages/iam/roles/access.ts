// Service last accessed data: a job of IAM's is begun, then asked for until it is done.

import {
  GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand,
  type ServiceLastAccessed,
} from "@aws-sdk/client-iam";

import { iam } from "../../../aws";

const EVERY_MS = 200;

/** What a principal or policy accessed, by service; with actions where `Granularity` is ACTION_LEVEL. */
export async function lastAccessed(
  Arn: string,
  Granularity: "SERVICE_LEVEL" | "ACTION_LEVEL" = "SERVICE_LEVEL",
): Promise<ServiceLastAccessed[]> {
  const client = iam();
  const { JobId } = await client.send(new GenerateServiceLastAccessedDetailsCommand({ Arn, Granularity }));
  const services: ServiceLastAccessed[] = [];
  let Marker: string | undefined;
  for (;;) {
    const answer = await client.send(new GetServiceLastAccessedDetailsCommand({ JobId, Marker }));
    if (answer.JobStatus === "FAILED") throw new Error(answer.Error?.Message ?? "The report failed.");
    if (answer.JobStatus === "IN_PROGRESS") {
      await new Promise((done) => setTimeout(done, EVERY_MS));
      continue;
    }
    services.push(...(answer.ServicesLastAccessed ?? []));
    if (!answer.IsTruncated) return services;
    Marker = answer.Marker;
  }
}
