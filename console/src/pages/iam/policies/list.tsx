// IAM › Policies: AWS's and the account's own managed policies, their default document, create and delete.

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { CreatePolicyCommand, DeletePolicyCommand, type Policy } from "@aws-sdk/client-iam";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { iam } from "../../../aws";
import { Asking } from "../../../parts/Asking";
import { jsonError } from "../../../parts/jsonError";
import { ResourceTable } from "../../../parts/ResourceTable";
import { listPolicies } from "../../../queries";
import { notifyFailure } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { Versions } from "./Versions";

type Scope = "All" | "AWS" | "Local";
const FIRST = JSON.stringify({ Version: "2012-10-17", Statement: [] }, null, 2);

export default function Policies() {
  useDocumentTitle("Policies | IAM");
  const queries = useQueryClient();
  const [scope, setScope] = useState<Scope>("All");
  const { data, error, refetch } = useQuery({ queryKey: ["policies", scope], queryFn: () => listPolicies(scope) });
  const [selected, select] = useState<Policy[]>([]);
  const [shown, show] = useState<Policy | null>(null);
  const [creating, create] = useState(false);
  const [draft, setDraft] = useState({ name: "", text: FIRST });
  const changed = () => queries.invalidateQueries({ queryKey: ["policies"] });
  async function removeSelected() {
    for (const { Arn, PolicyName } of selected)
      await iam()
        .send(new DeletePolicyCommand({ PolicyArn: Arn }))
        .catch((raised: unknown) => notifyFailure(`The policy ${PolicyName} could not be deleted.`, raised));
    select([]);
    await changed();
  }
  return (
    <>
      <ResourceTable<Policy>
        title="Policies"
        noun="policy"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(policy) => policy.Arn as string}
        selection="multi"
        selected={selected}
        onSelect={select}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <SegmentedControl
              label="Type"
              selectedId={scope}
              options={[
                { id: "All", text: "All" },
                { id: "AWS", text: "AWS managed" },
                { id: "Local", text: "Customer managed" },
              ]}
              onChange={({ detail }) => setScope(detail.selectedId as Scope)}
            />
            <Button disabled={selected.length === 0} onClick={() => void removeSelected()}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => create(true)}>
              Create policy
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "Policy name",
            isRowHeader: true,
            sortingField: "PolicyName",
            cell: (policy) => (
              <Button variant="inline-link" onClick={() => show(policy)}>
                {policy.PolicyName}
              </Button>
            ),
          },
          {
            id: "type",
            header: "Type",
            cell: (policy) => (policy.Arn?.includes(":aws:policy/") ? "AWS managed" : "Customer managed"),
          },
          { id: "uses", header: "Attached entities", sortingField: "AttachmentCount", cell: (one) => one.AttachmentCount },
        ]}
      />
      {shown && (
        <Modal visible size="large" header={shown.PolicyName} onDismiss={() => show(null)} closeAriaLabel="Close">
          <Versions policy={shown} />
        </Modal>
      )}
      {creating && (
        <Asking
          header="Create policy"
          action="Create policy"
          disabled={draft.name === "" || jsonError(draft.text) !== ""}
          save={async () => {
            await iam().send(new CreatePolicyCommand({ PolicyName: draft.name, PolicyDocument: draft.text }));
            setDraft({ name: "", text: FIRST });
            await changed();
          }}
          close={() => create(false)}
        >
          <FormField label="Policy name">
            <Input value={draft.name} onChange={({ detail }) => setDraft({ ...draft, name: detail.value })} />
          </FormField>
          <FormField label="Policy document" errorText={jsonError(draft.text)}>
            <Textarea
              rows={16}
              spellcheck={false}
              value={draft.text}
              onChange={({ detail }) => setDraft({ ...draft, text: detail.value })}
            />
          </FormField>
        </Asking>
      )}
    </>
  );
}
