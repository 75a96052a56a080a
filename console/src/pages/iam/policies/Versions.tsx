// A managed policy's versions, and the document of the chosen version.

import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { GetPolicyVersionCommand, ListPolicyVersionsCommand, type Policy } from "@aws-sdk/client-iam";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { iam } from "../../../aws";
import { Failure } from "../../../parts/Failure";
import { Json } from "../../../parts/Json";

export function Versions({ policy }: { policy: Policy }) {
  const [chosen, choose] = useState(policy.DefaultVersionId as string);
  const { data: versions } = useQuery({
    queryKey: ["versions", policy.Arn],
    queryFn: () => iam().send(new ListPolicyVersionsCommand({ PolicyArn: policy.Arn })),
    retry: false,
  });
  const { data, error } = useQuery({
    queryKey: ["version", policy.Arn, chosen],
    queryFn: () => iam().send(new GetPolicyVersionCommand({ PolicyArn: policy.Arn, VersionId: chosen })),
    retry: false,
  });
  const label = (id: string) => (id === policy.DefaultVersionId ? `${id} (default)` : id);
  return (
    <SpaceBetween size="m">
      <FormField label="Version">
        <Select
          selectedOption={{ value: chosen, label: label(chosen) }}
          options={(versions?.Versions ?? []).map(({ VersionId }) => ({
            value: VersionId as string,
            label: label(VersionId as string),
          }))}
          onChange={({ detail }) => choose(detail.selectedOption.value as string)}
        />
      </FormField>
      {error ? (
        <Failure error={error} />
      ) : (
        <Json label="Policy document" value={decodeURIComponent(data?.PolicyVersion?.Document ?? "")} />
      )}
    </SpaceBetween>
  );
}
