// IAM deletes a role that holds nothing. The console takes away first what the role holds, as AWS's does.

import {
  DeleteInstanceProfileCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";

import { iam } from "../../../aws";

export async function emptied(RoleName: string): Promise<void> {
  const client = iam();
  const attached = await client.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  for (const { PolicyArn } of attached.AttachedPolicies ?? [])
    await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  const inline = await client.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of inline.PolicyNames ?? [])
    await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  const profiles = await client.send(new ListInstanceProfilesForRoleCommand({ RoleName }));
  for (const { InstanceProfileName } of profiles.InstanceProfiles ?? []) {
    await client.send(new RemoveRoleFromInstanceProfileCommand({ RoleName, InstanceProfileName }));
    // AWS's console made the profile of the same name together with the role, and takes it away with it.
    if (InstanceProfileName === RoleName) await client.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
  }
}
