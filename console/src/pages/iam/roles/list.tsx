// IAM › Roles: the account's roles, with who may take each on, and their deletion by the check box.

import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { GetRoleCommand, type Role } from "@aws-sdk/client-iam";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { iam } from "../../../aws";
import { AppLink } from "../../../parts/AppLink";
import { ResourceTable } from "../../../parts/ResourceTable";
import { ago } from "../../../parts/Time";
import { listRoles } from "../../../queries";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { DeleteRoles } from "./DeleteRoles";
import { trustedEntities } from "./trusted";

const MOST_ASKED = 50;

export default function Roles() {
  useDocumentTitle("Roles | IAM");
  const { data, error, refetch } = useQuery({ queryKey: ["roles"], queryFn: listRoles });
  const [selected, select] = useState<Role[]>([]);
  const [asking, ask] = useState(false);
  const lastUsed = useLastUsed(data ?? []);
  const present = selected.filter((role) => data?.some((one) => one.RoleId === role.RoleId));
  return (
    <>
      <ResourceTable<Role>
        title="Roles"
        noun="role"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(role) => role.RoleName as string}
        selection="multi"
        selected={present}
        onSelect={select}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void refetch()} />
            <Button disabled={present.length === 0} onClick={() => ask(true)}>
              Delete role
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "Role name",
            isRowHeader: true,
            sortingField: "RoleName",
            cell: (role) => <AppLink to={`/iam/roles/${role.RoleName}`}>{role.RoleName}</AppLink>,
          },
          {
            id: "trusted",
            header: "Trusted entities",
            cell: (role) => trustedEntities(role.AssumeRolePolicyDocument, role.Path),
          },
          { id: "activity", header: "Last activity", cell: (role) => lastUsed.get(role.RoleName as string) ?? "-" },
        ]}
      />
      {asking && (
        <DeleteRoles
          roles={present}
          close={() => {
            ask(false);
            select([]);
          }}
        />
      )}
    </>
  );
}

/** When each role was last used: GetRole alone tells it. */
function useLastUsed(roles: readonly Role[]): Map<string, string> {
  const answers = useQueries({
    queries: roles.slice(0, MOST_ASKED).map((role) => ({
      queryKey: ["role", role.RoleName],
      queryFn: () => iam().send(new GetRoleCommand({ RoleName: role.RoleName as string })),
      retry: false,
    })),
  });
  const told = new Map<string, string>();
  answers.forEach(({ data }) => {
    if (data?.Role) told.set(data.Role.RoleName as string, ago(data.Role.RoleLastUsed?.LastUsedDate));
  });
  return told;
}
