// Revoke sessions: an inline policy that denies every session issued before now, by the name that AWS's console gives it.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { useQueryClient } from "@tanstack/react-query";

import { iam } from "../../../aws";
import { notify, notifyFailure } from "../../../shell/notifications";

const POLICY_NAME = "AWSRevokeOlderSessions";

export function RevokeSessions({ roleName, linked }: { roleName: string; linked: boolean }) {
  const queries = useQueryClient();
  async function revoke() {
    const condition = { DateLessThan: { "aws:TokenIssueTime": new Date().toISOString() } };
    const statement = { Effect: "Deny", Action: ["*"], Resource: ["*"], Condition: condition };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    try {
      await iam().send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: POLICY_NAME, PolicyDocument }));
      await queries.invalidateQueries({ queryKey: ["permissions", "role", roleName] });
      notify({ type: "success", content: `The active sessions of ${roleName} have been revoked.` });
    } catch (error) {
      notifyFailure("The sessions could not be revoked.", error);
    }
  }
  return (
    <Container header={<Header variant="h2">Revoke all active sessions</Header>}>
      {linked ? (
        <Alert type="info">You can't revoke the sessions of a service-linked role.</Alert>
      ) : (
        <SpaceBetween size="m">
          <div>Every session of this role that was issued before now is denied everything.</div>
          <Button onClick={() => void revoke()}>Revoke active sessions</Button>
        </SpaceBetween>
      )}
    </Container>
  );
}
