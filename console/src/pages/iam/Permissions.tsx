// The tab Permissions of a role, user or group: what it holds, each document, attach, add inline, remove.

import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { AttachedPermissionsBoundary } from "@aws-sdk/client-iam";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Failure } from "../../parts/Failure";
import { Json } from "../../parts/Json";
import { ResourceTable } from "../../parts/ResourceTable";
import { notifyFailure } from "../../shell/notifications";
import { AddInlinePolicy, AttachPolicies } from "./AddPermissions";
import { documentOf, held, type Held, type Kind, remove } from "./held";

interface Props {
  kind: Kind;
  name: string;
  boundary?: AttachedPermissionsBoundary | undefined;
  /** A service defines them: nothing may be changed. */
  fixed?: boolean;
}

export function Permissions({ kind, name, boundary, fixed = false }: Props) {
  const queries = useQueryClient();
  const key = ["permissions", kind, name];
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: () => held(kind, name), retry: false });
  const [selected, select] = useState<Held[]>([]);
  const [open, setOpen] = useState<"attach" | "inline" | Held | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: key });
  async function removeSelected() {
    for (const policy of selected)
      await remove(kind, name, policy).catch((raised: unknown) =>
        notifyFailure(`The policy ${policy.name} could not be removed.`, raised),
      );
    select([]);
    await changed();
  }
  const close = () => setOpen(null);
  return (
    <SpaceBetween size="l">
      <ResourceTable<Held>
        title="Permissions policies"
        noun="policy"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(policy) => policy.arn ?? policy.name}
        {...(fixed ? {} : { selection: "multi" as const, selected, onSelect: select })}
        actions={
          !fixed && (
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={selected.length === 0} onClick={() => void removeSelected()}>
                Remove
              </Button>
              <Button onClick={() => setOpen("attach")}>Attach policies</Button>
              <Button onClick={() => setOpen("inline")}>Create inline policy</Button>
            </SpaceBetween>
          )
        }
        columns={[
          {
            id: "name",
            header: "Policy name",
            isRowHeader: true,
            cell: (policy) => (
              <Button variant="inline-link" onClick={() => setOpen(policy)}>
                {policy.name}
              </Button>
            ),
          },
          { id: "type", header: "Type", cell: (policy) => policy.type },
        ]}
      />
      {boundary && <div>Permissions boundary: {boundary.PermissionsBoundaryArn}</div>}
      {open === "attach" && <AttachPolicies kind={kind} name={name} close={close} changed={changed} />}
      {open === "inline" && <AddInlinePolicy kind={kind} name={name} close={close} changed={changed} />}
      {open !== null && typeof open === "object" && <Document kind={kind} name={name} policy={open} close={close} />}
    </SpaceBetween>
  );
}

function Document({ kind, name, policy, close }: { kind: Kind; name: string; policy: Held; close: () => void }) {
  const { data, error } = useQuery({
    queryKey: ["document", kind, name, policy.arn ?? policy.name],
    queryFn: () => documentOf(kind, name, policy),
    retry: false,
  });
  return (
    <Modal visible onDismiss={close} closeAriaLabel="Close" size="large" header={policy.name}>
      {error ? <Failure error={error} /> : <Json value={data ?? ""} label="Policy document" />}
    </Modal>
  );
}
