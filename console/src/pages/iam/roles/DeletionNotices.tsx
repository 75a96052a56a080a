// What the console tells of each deletion task: under way, done, or failed with View details and View Resources.

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { AppLink } from "../../../parts/AppLink";
import { useSigned } from "../../../shell/useSigned";
import { type Deletion, deletionsNow, follow, forget, onDeletions } from "./deletions";

type Shown = { deletion: Deletion; part: "details" | "resources" };

/** The notifications of the account's deletion tasks, and the dialog that they open. */
export function useDeletionNotices(): [FlashbarProps.MessageDefinition[], React.ReactNode] {
  const queries = useQueryClient();
  const session = useSigned();
  const deletions = useSyncExternalStore(onDeletions, deletionsNow);
  const [shown, show] = useState<Shown | null>(null);
  useEffect(() => {
    if (session !== null) follow(queries);
  }, [session, queries]);
  const own = deletions.filter((one) => one.account === session?.account);
  const dialog = shown && <Reason {...shown} close={() => show(null)} />;
  return [own.map((one) => notice(one, show)), dialog];
}

function notice(deletion: Deletion, show: (shown: Shown) => void): FlashbarProps.MessageDefinition {
  const { taskId, roleName, status, reason } = deletion;
  const base = { id: taskId, dismissible: true, onDismiss: () => forget(taskId), dismissLabel: "Dismiss" };
  if (status === "SUCCEEDED") return { ...base, type: "success", content: `The role ${roleName} has been deleted.` };
  if (status !== "FAILED" && status !== "UNKNOWN") {
    const content = `The role ${roleName} has been submitted for deletion.`;
    return { ...base, type: "in-progress", loading: true, dismissible: false, content };
  }
  const told = (reason?.RoleUsageList ?? []).length > 0;
  return {
    ...base,
    type: "error",
    content: `The role ${roleName} could not be deleted.`,
    action: (
      <SpaceBetween direction="horizontal" size="xs">
        <Button onClick={() => show({ deletion, part: "details" })}>View details</Button>
        {told && <Button onClick={() => show({ deletion, part: "resources" })}>View Resources</Button>}
      </SpaceBetween>
    ),
  };
}

function Reason({ deletion, part, close }: Shown & { close: () => void }) {
  const usages = deletion.reason?.RoleUsageList ?? [];
  return (
    <Modal
      visible
      onDismiss={close}
      closeAriaLabel="Close"
      header={part === "details" ? "Why the deletion failed" : "Resources that use the role"}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={close}>
            Close
          </Button>
        </Box>
      }
    >
      {part === "details" ? (
        <Box>{deletion.reason?.Reason}</Box>
      ) : (
        usages.map(({ Region, Resources }) => (
          <div key={Region}>
            <Box variant="h3">{Region}</Box>
            <ul>{Resources?.map((arn) => <li key={arn}>{resourceLink(arn, close)}</li>)}</ul>
          </div>
        ))
      )}
    </Modal>
  );
}

function resourceLink(arn: string, close: () => void) {
  const [, , service, region, , resource = ""] = arn.split(":");
  const [kind, name] = resource.split("/");
  if (service !== "batch" || kind !== "compute-environment") return arn;
  return (
    <span onClick={close}>
      <AppLink to={`/batch/compute-environments/${name}?region=${region}`}>{arn}</AppLink>
    </span>
  );
}
