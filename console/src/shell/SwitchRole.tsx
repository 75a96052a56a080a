// Switch role: the session of a role that the signed-in person may take on.

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { sts } from "../aws";
import { Asking } from "../parts/Asking";
import { setSigned, shownName, type Signed, signed } from "../session";

export function SwitchRole({ close }: { close: () => void }) {
  const now = signed() as Signed;
  const queries = useQueryClient();
  const [account, setAccount] = useState(now.account);
  const [role, setRole] = useState("");
  async function save() {
    const RoleArn = `arn:${now.partition}:iam::${account}:role/${role}`;
    const RoleSessionName = shownName(now).replace(/[^\w+=,.@-]/g, "-").slice(0, 64);
    const answer = await sts().send(new AssumeRoleCommand({ RoleArn, RoleSessionName }));
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
    queries.clear();
    setSigned({
      accessKeyId: AccessKeyId as string,
      secretAccessKey: SecretAccessKey as string,
      sessionToken: SessionToken as string,
      expiresAt: Number(Expiration),
      account,
      arn: answer.AssumedRoleUser?.Arn as string,
      partition: now.partition,
      before: now,
    });
  }
  return (
    <Asking header="Switch role" action="Switch role" save={save} close={close} disabled={role === ""}>
      <SpaceBetween size="m">
        <FormField label="Account ID">
          <Input value={account} onChange={({ detail }) => setAccount(detail.value)} />
        </FormField>
        <FormField label="IAM role name" description="With its path, where it has one.">
          <Input value={role} onChange={({ detail }) => setRole(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Asking>
  );
}
