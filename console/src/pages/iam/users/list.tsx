// IAM › Users: the account's users; create and delete.

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { CreateUserCommand, type User } from "@aws-sdk/client-iam";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { iam } from "../../../aws";
import { AppLink } from "../../../parts/AppLink";
import { Asking } from "../../../parts/Asking";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Time } from "../../../parts/Time";
import { listUsers } from "../../../queries";
import { notifyFailure } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { deleteUser } from "./deleteUser";

export default function Users() {
  useDocumentTitle("Users | IAM");
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: ["users"], queryFn: listUsers });
  const [selected, select] = useState<User[]>([]);
  const [open, setOpen] = useState<"create" | "delete" | null>(null);
  const [name, setName] = useState("");
  const changed = () => queries.invalidateQueries({ queryKey: ["users"] });
  async function removeSelected() {
    for (const { UserName } of selected)
      await deleteUser(UserName as string).catch((raised: unknown) =>
        notifyFailure(`The user ${UserName} could not be deleted.`, raised),
      );
    select([]);
    await changed();
  }
  return (
    <>
      <ResourceTable<User>
        title="Users"
        noun="user"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(user) => user.UserName as string}
        selection="multi"
        selected={selected}
        onSelect={select}
        empty={<Button onClick={() => setOpen("create")}>Create user</Button>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={selected.length === 0} onClick={() => setOpen("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setOpen("create")}>
              Create user
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "User name",
            isRowHeader: true,
            sortingField: "UserName",
            cell: (user) => <AppLink to={`/iam/users/${user.UserName}`}>{user.UserName}</AppLink>,
          },
          { id: "path", header: "Path", cell: (user) => user.Path },
          { id: "used", header: "Password last used", cell: (user) => <Time at={user.PasswordLastUsed} /> },
          { id: "created", header: "Created", cell: (user) => <Time at={user.CreateDate} /> },
        ]}
      />
      {open === "create" && (
        <Asking
          header="Create user"
          action="Create user"
          disabled={name === ""}
          save={async () => {
            await iam().send(new CreateUserCommand({ UserName: name }));
            setName("");
            await changed();
          }}
          close={() => setOpen(null)}
        >
          <FormField label="User name">
            <Input value={name} onChange={({ detail }) => setName(detail.value)} />
          </FormField>
        </Asking>
      )}
      {open === "delete" && (
        <Asking header="Delete users" action="Delete users" save={removeSelected} close={() => setOpen(null)}>
          <div>
            Delete {selected.map((one) => one.UserName).join(", ")}, with their keys, passwords and policies?
          </div>
        </Asking>
      )}
    </>
  );
}
