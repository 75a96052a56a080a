// Cancel or terminate the selected jobs, with the reason that AWS asks for.

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { CancelJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { useState } from "react";

import { batch } from "../../../aws";
import { Asking } from "../../../parts/Asking";
import { useRegion } from "../../../region";
import { notify, notifyFailure } from "../../../shell/notifications";

const AT_ONCE = 8;

interface Props {
  how: "cancel" | "terminate";
  jobs: readonly { jobId?: string | undefined }[];
  close: () => void;
}

export function EndJobs({ how, jobs, close }: Props) {
  const [region] = useRegion();
  const [reason, setReason] = useState("Ended in the console");
  async function save() {
    const client = batch(region);
    const ids = jobs.map((job) => job.jobId as string);
    let ended = 0;
    for (let at = 0; at < ids.length; at += AT_ONCE)
      await Promise.all(
        ids.slice(at, at + AT_ONCE).map(async (jobId) => {
          try {
            if (how === "cancel") await client.send(new CancelJobCommand({ jobId, reason }));
            else await client.send(new TerminateJobCommand({ jobId, reason }));
            ended += 1;
          } catch (error) {
            notifyFailure(`The job ${jobId} could not be ended.`, error);
          }
        }),
      );
    if (ended > 0) notify({ type: "success", content: `${ended} jobs: ${how} was requested.` });
  }
  const title = how === "cancel" ? "Cancel jobs" : "Terminate jobs";
  return (
    <Asking header={title} action={title} save={save} close={close} disabled={reason === ""}>
      <div>
        {how === "cancel"
          ? `${jobs.length} jobs are cancelled unless they are STARTING or RUNNING already.`
          : `${jobs.length} jobs are ended in whatever state they are.`}
      </div>
      <FormField label="Reason">
        <Input value={reason} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
    </Asking>
  );
}
