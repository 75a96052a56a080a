// A role's description: the part of a service-linked role that may be edited.

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { type Role, UpdateRoleDescriptionCommand } from "@aws-sdk/client-iam";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { iam } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { notify } from "../../../shell/notifications";

export function EditDescription({ role, close }: { role: Role; close: () => void }) {
  const queries = useQueryClient();
  const [text, setText] = useState(role.Description ?? "");
  const [error, fail] = useState<unknown>(null);
  async function save() {
    try {
      await iam().send(new UpdateRoleDescriptionCommand({ RoleName: role.RoleName, Description: text }));
    } catch (raised) {
      fail(raised);
      return;
    }
    await queries.invalidateQueries({ queryKey: ["role", role.RoleName] });
    notify({ type: "success", content: `The description of ${role.RoleName} has been updated.` });
    close();
  }
  return (
    <Modal
      visible
      onDismiss={close}
      closeAriaLabel="Cancel"
      header="Edit description"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={close}>Cancel</Button>
            <Button variant="primary" onClick={() => void save()}>
              Save changes
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error !== null && <Failure error={error} />}
        <FormField label="Description">
          <Textarea value={text} onChange={({ detail }) => setText(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
}
