// A dialog that changes something: its fields, the button that does it, and what went wrong, in AWS's words.

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";

import { Failure } from "./Failure";

export function Asking(props: {
  header: string;
  action: string;
  save: () => Promise<void>;
  close: () => void;
  children: ReactNode;
  disabled?: boolean;
}) {
  const [error, fail] = useState<unknown>(null);
  const [busy, work] = useState(false);
  async function save() {
    work(true);
    try {
      await props.save();
      props.close();
    } catch (raised) {
      fail(raised);
    }
    work(false);
  }
  return (
    <Modal
      visible
      size="large"
      onDismiss={props.close}
      closeAriaLabel="Cancel"
      header={props.header}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={props.close}>Cancel</Button>
            <Button variant="primary" loading={busy} disabled={props.disabled ?? false} onClick={() => void save()}>
              {props.action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error !== null && <Failure error={error} />}
        {props.children}
      </SpaceBetween>
    </Modal>
  );
}
