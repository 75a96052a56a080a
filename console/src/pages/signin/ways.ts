// The ways to sign in. Each ends with credentials, and with what AWS says of whose they are.

import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { sts } from "../../aws";
import type { Signed } from "../../session";

type Fields = Record<string, string>;

interface Given {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiresAt?: number;
}

async function known(keys: Given, region = "us-east-1"): Promise<Signed> {
  const { Account, Arn } = await sts(keys, region).send(new GetCallerIdentityCommand({}));
  const arn = Arn as string;
  return { ...keys, account: Account as string, arn, partition: arn.split(":")[1] ?? "aws" };
}

/** The account's root user, by the development credentials of a server on this machine. */
export const byRoot = ({ account = "" }: Fields) => known({ accessKeyId: account.trim(), secretAccessKey: "test" });

export const byAccessKey = ({ key = "", secret = "", token = "" }: Fields) =>
  known({
    accessKeyId: key.trim(),
    secretAccessKey: secret.trim(),
    ...(token ? { sessionToken: token.trim() } : {}),
  });

/** An IAM user with a password, and the code of an MFA device where the user has one. */
export async function byPassword({ account = "", user = "", password = "", code = "" }: Fields): Promise<Signed> {
  const body = { account: account.trim(), user: user.trim(), password, ...(code ? { mfaCode: code.trim() } : {}) };
  return known(await posted("/console/signin", body));
}

/** The single-use token of AWS's federation endpoint, or of `batchyard console`. */
export const byFederation = async (token: string) => known(await posted("/console/federation", { token }));

/** The token in the address, which leaves the address and the history at once; null where there is none. */
export function takeFederationToken(): string | null {
  const { hash } = window.location;
  const token = new URLSearchParams(hash.slice(1)).get("SigninToken");
  if (token !== null) window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return token;
}

async function posted(path: string, body: unknown): Promise<Given> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = (await answer.json()) as Given & { code?: string; message?: string };
  if (!answer.ok) throw Object.assign(new Error(said.message), { name: said.code ?? "Error" });
  return said;
}
