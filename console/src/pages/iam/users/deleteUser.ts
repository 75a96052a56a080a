// IAM deletes a user that holds nothing: the console takes away first what the user holds, as AWS's does.

import * as IAM from "@aws-sdk/client-iam";

import { iam } from "../../../aws";
import { held, remove } from "../held";

export async function deleteUser(UserName: string): Promise<void> {
  const client = iam();
  for (const policy of await held("user", UserName)) await remove("user", UserName, policy);
  const keys = await client.send(new IAM.ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId } of keys.AccessKeyMetadata ?? [])
    await client.send(new IAM.DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  const groups = await client.send(new IAM.ListGroupsForUserCommand({ UserName }));
  for (const { GroupName } of groups.Groups ?? [])
    await client.send(new IAM.RemoveUserFromGroupCommand({ UserName, GroupName }));
  const devices = await client.send(new IAM.ListMFADevicesCommand({ UserName }));
  for (const { SerialNumber } of devices.MFADevices ?? [])
    await client.send(new IAM.DeactivateMFADeviceCommand({ UserName, SerialNumber }));
  await client.send(new IAM.DeleteLoginProfileCommand({ UserName })).catch(unlessMissing);
  await client.send(new IAM.DeleteUserCommand({ UserName }));
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof IAM.NoSuchEntityException)) throw error;
}
