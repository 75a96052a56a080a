// The only place where clients of AWS's services are made. They ask the server that this page came from.

import { BatchClient } from "@aws-sdk/client-batch";
import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { IAMClient } from "@aws-sdk/client-iam";
import { STSClient } from "@aws-sdk/client-sts";

import { signed, type Signed } from "./session";

type Keys = Pick<Signed, "accessKeyId" | "secretAccessKey" | "sessionToken">;

const GLOBAL_REGIONS: Record<string, string> = {
  aws: "us-east-1",
  "aws-cn": "cn-north-1",
  "aws-us-gov": "us-gov-west-1",
};

export function globalRegion(partition: string): string {
  return GLOBAL_REGIONS[partition] ?? "us-east-1";
}

function settings(region: string, keys: Keys | null = signed()) {
  if (keys === null) throw new Error("Nobody is signed in.");
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  return { region, endpoint: window.location.origin, credentials, maxAttempts: 3 };
}

function home(): string {
  return globalRegion(signed()?.partition ?? "aws");
}

export const iam = () => new IAMClient(settings(home()));
export const sts = (keys?: Keys, region = home()) => new STSClient(settings(region, keys ?? signed()));
export const batch = (region: string) => new BatchClient(settings(region));
export const ec2 = (region: string) => new EC2Client(settings(region));
export const ecs = (region: string) => new ECSClient(settings(region));
export const logs = (region: string) => new CloudWatchLogsClient(settings(region));
export const trail = (region: string) => new CloudTrailClient(settings(region));

export interface Refusal {
  code: string;
  message: string;
  requestId: string | undefined;
  denied: boolean;
}

const DENIALS = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]);
const ENDED = new Set(["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"]);

/** What a failed call says: AWS's code and words, with the request's id. */
export function refusal(error: unknown): Refusal {
  const { name, message, $metadata } = error as {
    name?: string;
    message?: string;
    $metadata?: { requestId?: string };
  };
  const code = name ?? "Error";
  return { code, message: message ?? String(error), requestId: $metadata?.requestId, denied: DENIALS.has(code) };
}

/** Whether a failed call says that the session is over. */
export function isEnded(error: unknown): boolean {
  return ENDED.has((error as { name?: string }).name ?? "");
}
