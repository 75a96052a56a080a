// A call that failed, as AWS's console shows it: the denial or error in AWS's words, with its request id.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";

import { refusal } from "../aws";

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { code, message, requestId, denied } = refusal(error);
  return (
    <Alert
      type="error"
      header={denied ? "You don't have permissions" : code}
      action={retry && <Button onClick={retry}>Retry</Button>}
    >
      <div>{message}</div>
      {requestId && <small>Request ID: {requestId}</small>}
    </Alert>
  );
}
