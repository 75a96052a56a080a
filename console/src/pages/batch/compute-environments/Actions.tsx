// What can be done with the selected compute environment: Enable, Disable, Delete with its confirmation.

import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import {
  type ComputeEnvironmentDetail,
  DeleteComputeEnvironmentCommand,
  UpdateComputeEnvironmentCommand,
} from "@aws-sdk/client-batch";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { batch } from "../../../aws";
import { Asking } from "../../../parts/Asking";
import { useRegion } from "../../../region";
import { notify, notifyFailure } from "../../../shell/notifications";

export function Actions({ environment, done }: { environment: ComputeEnvironmentDetail | undefined; done?: () => void }) {
  const [region] = useRegion();
  const queries = useQueryClient();
  const [asking, ask] = useState<ComputeEnvironmentDetail | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: ["compute-environments", region] });
  const name = environment?.computeEnvironmentName;
  async function setState(state: "ENABLED" | "DISABLED") {
    try {
      await batch(region).send(new UpdateComputeEnvironmentCommand({ computeEnvironment: name, state }));
      await changed();
    } catch (error) {
      notifyFailure(`The compute environment ${name} could not be updated.`, error);
    }
  }
  async function remove(one: ComputeEnvironmentDetail) {
    const computeEnvironment = one.computeEnvironmentName;
    await batch(region).send(new DeleteComputeEnvironmentCommand({ computeEnvironment }));
    notify({ type: "success", content: `The compute environment ${computeEnvironment} is being deleted.` });
    await changed();
    done?.();
  }
  const idle = environment === undefined;
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={idle || environment.state === "ENABLED"} onClick={() => void setState("ENABLED")}>
        Enable
      </Button>
      <Button disabled={idle || environment.state === "DISABLED"} onClick={() => void setState("DISABLED")}>
        Disable
      </Button>
      <Button disabled={idle} onClick={() => ask(environment ?? null)}>
        Delete
      </Button>
      {asking && (
        <Asking
          header="Delete compute environment"
          action="Delete compute environment"
          save={() => remove(asking)}
          close={() => ask(null)}
        >
          <div>
            Delete the compute environment <b>{asking.computeEnvironmentName}</b>? It must be disabled, and no job queue
            may use it.
          </div>
        </Asking>
      )}
    </SpaceBetween>
  );
}
