// A user's security credentials: console access by a password, access keys.

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import * as IAM from "@aws-sdk/client-iam";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { iam } from "../../../aws";
import { Asking } from "../../../parts/Asking";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { Time } from "../../../parts/Time";
import { notifyFailure } from "../../../shell/notifications";

export function Credentials({ userName }: { userName: string }) {
  return (
    <SpaceBetween size="l">
      <ConsoleAccess userName={userName} />
      <AccessKeys userName={userName} />
    </SpaceBetween>
  );
}

function ConsoleAccess({ userName: UserName }: { userName: string }) {
  const queries = useQueryClient();
  const key = ["login-profile", UserName];
  const [asking, ask] = useState(false);
  const [password, setPassword] = useState("");
  const { data } = useQuery({
    queryKey: key,
    queryFn: () =>
      iam()
        .send(new IAM.GetLoginProfileCommand({ UserName }))
        .catch((error: unknown) => {
          if (error instanceof IAM.NoSuchEntityException) return null;
          throw error;
        }),
    retry: false,
  });
  const changed = () => queries.invalidateQueries({ queryKey: key });
  async function disable() {
    try {
      await iam().send(new IAM.DeleteLoginProfileCommand({ UserName }));
      await changed();
    } catch (error) {
      notifyFailure("Console access could not be disabled.", error);
    }
  }
  async function enable() {
    const Command = data ? IAM.UpdateLoginProfileCommand : IAM.CreateLoginProfileCommand;
    await iam().send(new Command({ UserName, Password: password }) as IAM.CreateLoginProfileCommand);
    setPassword("");
    await changed();
  }
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {data && <Button onClick={() => void disable()}>Disable console access</Button>}
              <Button onClick={() => ask(true)}>{data ? "Set a new password" : "Enable console access"}</Button>
            </SpaceBetween>
          }
        >
          Console sign-in
        </Header>
      }
    >
      <Box>{data ? "The user has a password." : "The user has no password."}</Box>
      {asking && (
        <Asking
          header="Console password"
          action="Save password"
          save={enable}
          close={() => ask(false)}
          disabled={password === ""}
        >
          <FormField label="Password">
            <Input type="password" value={password} onChange={({ detail }) => setPassword(detail.value)} />
          </FormField>
        </Asking>
      )}
    </Container>
  );
}

function AccessKeys({ userName: UserName }: { userName: string }) {
  const queries = useQueryClient();
  const key = ["access-keys", UserName];
  const [made, make] = useState<IAM.AccessKey | null>(null);
  const [selected, select] = useState<IAM.AccessKeyMetadata[]>([]);
  const { data, error } = useQuery({
    queryKey: key,
    queryFn: () => iam().send(new IAM.ListAccessKeysCommand({ UserName })),
    retry: false,
  });
  async function change(header: string, work: () => Promise<void>) {
    try {
      await work();
    } catch (raised) {
      notifyFailure(header, raised);
    }
    select([]);
    await queries.invalidateQueries({ queryKey: key });
  }
  const create = () =>
    change("No access key was made.", async () => {
      make((await iam().send(new IAM.CreateAccessKeyCommand({ UserName }))).AccessKey ?? null);
    });
  const each = (send: (AccessKeyId: string) => Promise<unknown>) => async () => {
    for (const { AccessKeyId } of selected) await send(AccessKeyId as string);
  };
  const deactivate = each((AccessKeyId) =>
    iam().send(new IAM.UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: "Inactive" })),
  );
  const remove = each((AccessKeyId) => iam().send(new IAM.DeleteAccessKeyCommand({ UserName, AccessKeyId })));
  return (
    <>
      {made && (
        <Alert type="success" header="Access key created" dismissible onDismiss={() => make(null)}>
          <div>Access key: {made.AccessKeyId}</div>
          <div>Secret access key: {made.SecretAccessKey}</div>
          <div>This is the only time that the secret access key is shown.</div>
        </Alert>
      )}
      <ResourceTable<IAM.AccessKeyMetadata>
        title="Access keys"
        noun="access key"
        items={data?.AccessKeyMetadata ?? (data ? [] : undefined)}
        error={error}
        keyOf={(one) => one.AccessKeyId as string}
        selection="multi"
        selected={selected}
        onSelect={select}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              disabled={selected.length === 0}
              onClick={() => void change("The key could not be deactivated.", deactivate)}
            >
              Deactivate
            </Button>
            <Button disabled={selected.length === 0} onClick={() => void change("The key could not be deleted.", remove)}>
              Delete
            </Button>
            <Button onClick={() => void create()}>Create access key</Button>
          </SpaceBetween>
        }
        columns={[
          { id: "id", header: "Access key ID", isRowHeader: true, cell: (one) => one.AccessKeyId },
          { id: "status", header: "Status", cell: (one) => <Status value={one.Status?.toUpperCase()} /> },
          { id: "created", header: "Created", cell: (one) => <Time at={one.CreateDate} /> },
        ]}
      />
    </>
  );
}
