// The dialog of Delete role: when each role last accessed a service, then Yes, Delete.

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { DeleteRoleCommand, type Role } from "@aws-sdk/client-iam";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { iam, refusal } from "../../../aws";
import { Time } from "../../../parts/Time";
import { notify, notifyFailure } from "../../../shell/notifications";
import { lastAccessed } from "./access";
import { submit } from "./deletions";
import { emptied } from "./emptied";
import { isServiceLinked } from "./trusted";

export function DeleteRoles({ roles, close }: { roles: readonly Role[]; close: () => void }) {
  const queries = useQueryClient();
  const [busy, work] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["last-accessed", ...roles.map((role) => role.Arn)],
    queryFn: () => Promise.all(roles.map(latest)),
    retry: false,
  });
  async function remove() {
    work(true);
    for (const role of roles) await removeOne(role, queries);
    await queries.invalidateQueries({ queryKey: ["roles"] });
    close();
  }
  return (
    <Modal
      visible
      onDismiss={close}
      closeAriaLabel="Cancel"
      header="Delete role"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={close}>Cancel</Button>
            <Button variant="primary" loading={busy} onClick={() => void remove()}>
              Yes, Delete
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>
          Are you sure that you want to delete the following roles? Review when each role last accessed an AWS service.
        </Box>
        {error && <Alert type="warning">{refusal(error).message}</Alert>}
        <Table
          variant="embedded"
          loading={data === undefined && !error}
          loadingText="Loading service last accessed data"
          items={[...roles]}
          columnDefinitions={[
            { id: "name", header: "Role name", cell: (role) => role.RoleName },
            {
              id: "accessed",
              header: "Last accessed",
              cell: (role) => data?.find((one) => one.arn === role.Arn)?.told ?? "-",
            },
          ]}
        />
      </SpaceBetween>
    </Modal>
  );
}

async function latest(role: Role) {
  const services = await lastAccessed(role.Arn as string);
  const used = services.filter((one) => one.LastAuthenticated);
  const [last] = used.sort((a, b) => Number(b.LastAuthenticated) - Number(a.LastAuthenticated));
  const told = last ? (
    <>
      {last.ServiceName}, <Time at={last.LastAuthenticated} />
    </>
  ) : (
    "Not accessed in the tracking period"
  );
  return { arn: role.Arn, told };
}

async function removeOne(role: Role, queries: ReturnType<typeof useQueryClient>): Promise<void> {
  const name = role.RoleName as string;
  try {
    if (isServiceLinked(role.Path)) {
      await submit(name, queries);
      return;
    }
    await emptied(name);
    await iam().send(new DeleteRoleCommand({ RoleName: name }));
    notify({ type: "success", content: `The role ${name} has been deleted.` });
  } catch (error) {
    notifyFailure(`The role ${name} could not be deleted.`, error);
  }
}
