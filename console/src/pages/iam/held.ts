// The policies that a user, group or role holds: attached, inline, by IAM's three sets of operations.

import * as IAM from "@aws-sdk/client-iam";

import { iam } from "../../aws";

export type Kind = "role" | "user" | "group";

export interface Held {
  name: string;
  arn?: string;
  type: "AWS managed" | "Customer managed" | "Customer inline";
}

export async function held(kind: Kind, name: string): Promise<Held[]> {
  const attached = await listAttached(kind, name);
  const inline = await listInline(kind, name);
  return [
    ...attached.map(({ PolicyName, PolicyArn }) => ({
      name: PolicyName as string,
      arn: PolicyArn as string,
      type: PolicyArn?.includes(":aws:policy/") ? ("AWS managed" as const) : ("Customer managed" as const),
    })),
    ...inline.map((one) => ({ name: one, type: "Customer inline" as const })),
  ];
}

async function listAttached(kind: Kind, name: string): Promise<IAM.AttachedPolicy[]> {
  const client = iam();
  const answer =
    kind === "role"
      ? await client.send(new IAM.ListAttachedRolePoliciesCommand({ RoleName: name }))
      : kind === "user"
        ? await client.send(new IAM.ListAttachedUserPoliciesCommand({ UserName: name }))
        : await client.send(new IAM.ListAttachedGroupPoliciesCommand({ GroupName: name }));
  return answer.AttachedPolicies ?? [];
}

async function listInline(kind: Kind, name: string): Promise<string[]> {
  const client = iam();
  const answer =
    kind === "role"
      ? await client.send(new IAM.ListRolePoliciesCommand({ RoleName: name }))
      : kind === "user"
        ? await client.send(new IAM.ListUserPoliciesCommand({ UserName: name }))
        : await client.send(new IAM.ListGroupPoliciesCommand({ GroupName: name }));
  return answer.PolicyNames ?? [];
}

/** A held policy's document. */
export async function documentOf(kind: Kind, name: string, policy: Held): Promise<string> {
  const client = iam();
  if (policy.arn !== undefined) {
    const { Policy } = await client.send(new IAM.GetPolicyCommand({ PolicyArn: policy.arn }));
    const VersionId = Policy?.DefaultVersionId;
    const answer = await client.send(new IAM.GetPolicyVersionCommand({ PolicyArn: policy.arn, VersionId }));
    return decodeURIComponent(answer.PolicyVersion?.Document ?? "{}");
  }
  const PolicyName = policy.name;
  const answer =
    kind === "role"
      ? await client.send(new IAM.GetRolePolicyCommand({ RoleName: name, PolicyName }))
      : kind === "user"
        ? await client.send(new IAM.GetUserPolicyCommand({ UserName: name, PolicyName }))
        : await client.send(new IAM.GetGroupPolicyCommand({ GroupName: name, PolicyName }));
  return decodeURIComponent(answer.PolicyDocument ?? "{}");
}

export async function attach(kind: Kind, name: string, PolicyArn: string): Promise<void> {
  const client = iam();
  if (kind === "role") await client.send(new IAM.AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
  else if (kind === "user") await client.send(new IAM.AttachUserPolicyCommand({ UserName: name, PolicyArn }));
  else await client.send(new IAM.AttachGroupPolicyCommand({ GroupName: name, PolicyArn }));
}

export async function putInline(kind: Kind, name: string, PolicyName: string, PolicyDocument: string): Promise<void> {
  const client = iam();
  if (kind === "role")
    await client.send(new IAM.PutRolePolicyCommand({ RoleName: name, PolicyName, PolicyDocument }));
  else if (kind === "user")
    await client.send(new IAM.PutUserPolicyCommand({ UserName: name, PolicyName, PolicyDocument }));
  else await client.send(new IAM.PutGroupPolicyCommand({ GroupName: name, PolicyName, PolicyDocument }));
}

/** Take a policy away: detach a managed policy, delete an inline policy. */
export async function remove(kind: Kind, name: string, policy: Held): Promise<void> {
  const client = iam();
  const PolicyArn = policy.arn;
  const PolicyName = policy.name;
  if (PolicyArn !== undefined) {
    if (kind === "role") await client.send(new IAM.DetachRolePolicyCommand({ RoleName: name, PolicyArn }));
    else if (kind === "user") await client.send(new IAM.DetachUserPolicyCommand({ UserName: name, PolicyArn }));
    else await client.send(new IAM.DetachGroupPolicyCommand({ GroupName: name, PolicyArn }));
    return;
  }
  if (kind === "role") await client.send(new IAM.DeleteRolePolicyCommand({ RoleName: name, PolicyName }));
  else if (kind === "user") await client.send(new IAM.DeleteUserPolicyCommand({ UserName: name, PolicyName }));
  else await client.send(new IAM.DeleteGroupPolicyCommand({ GroupName: name, PolicyName }));
}
