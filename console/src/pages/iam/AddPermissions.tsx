// Attach managed policies, or write an inline policy, for a role, user or group.

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import type { Policy } from "@aws-sdk/client-iam";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Asking } from "../../parts/Asking";
import { jsonError } from "../../parts/jsonError";
import { ResourceTable } from "../../parts/ResourceTable";
import { listPolicies } from "../../queries";
import { attach, type Kind, putInline } from "./held";

interface Props {
  kind: Kind;
  name: string;
  close: () => void;
  changed: () => Promise<void>;
}

const FIRST = JSON.stringify(
  { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: [], Resource: "*" }] },
  null,
  2,
);

export function AttachPolicies({ kind, name, close, changed }: Props) {
  const { data, error } = useQuery({ queryKey: ["policies", "All"], queryFn: () => listPolicies("All") });
  const [selected, select] = useState<Policy[]>([]);
  const save = async () => {
    for (const policy of selected) await attach(kind, name, policy.Arn as string);
    await changed();
  };
  return (
    <Asking header={`Attach policies to ${name}`} action="Add permissions" save={save} close={close}>
      <ResourceTable<Policy>
        title="Policies"
        noun="policy"
        items={data}
        error={error}
        keyOf={(policy) => policy.Arn as string}
        selection="multi"
        selected={selected}
        onSelect={select}
        pageSize={10}
        columns={[
          { id: "name", header: "Policy name", isRowHeader: true, cell: (policy) => policy.PolicyName },
          { id: "uses", header: "Attached entities", cell: (policy) => policy.AttachmentCount },
        ]}
      />
    </Asking>
  );
}

export function AddInlinePolicy({ kind, name, close, changed }: Props) {
  const [policyName, setName] = useState("");
  const [text, setText] = useState(FIRST);
  const save = async () => {
    await putInline(kind, name, policyName, text);
    await changed();
  };
  return (
    <Asking header="Create inline policy" action="Create policy" save={save} close={close}>
      <FormField label="Policy name">
        <Input value={policyName} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField label="Policy document" errorText={jsonError(text)}>
        <Textarea rows={16} spellcheck={false} value={text} onChange={({ detail }) => setText(detail.value)} />
      </FormField>
    </Asking>
  );
}
