// Access Advisor: which services a principal's policies allow, and when each was last accessed, and from which Region.

import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";
import Table from "@cloudscape-design/components/table";
import type { ServiceLastAccessed } from "@aws-sdk/client-iam";

import { ResourceTable } from "../../parts/ResourceTable";
import { Time } from "../../parts/Time";
import { lastAccessed } from "./roles/access";

export function AccessAdvisor({ arn }: { arn: string }) {
  const [shown, show] = useState<ServiceLastAccessed | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["advisor", arn],
    queryFn: () => lastAccessed(arn, "ACTION_LEVEL"),
    retry: false,
  });
  return (
    <>
      <ResourceTable<ServiceLastAccessed>
        title="Access Advisor"
        noun="service"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(one) => one.ServiceNamespace as string}
        columns={[
          {
            id: "service",
            header: "Service",
            isRowHeader: true,
            sortingField: "ServiceName",
            cell: (one) => one.ServiceName,
          },
          {
            id: "last",
            header: "Last accessed",
            cell: (one) =>
              one.LastAuthenticated ? <Time at={one.LastAuthenticated} /> : "Not accessed in the tracking period",
          },
          { id: "region", header: "Region", cell: (one) => one.LastAuthenticatedRegion ?? "-" },
          {
            id: "actions",
            header: "Actions",
            cell: (one) =>
              (one.TrackedActionsLastAccessed ?? []).length > 0 ? (
                <Button
                  variant="inline-link"
                  ariaLabel={`Actions of ${one.ServiceName}`}
                  onClick={() => show(one)}
                >
                  {`${one.TrackedActionsLastAccessed?.length} actions`}
                </Button>
              ) : (
                "-"
              ),
          },
        ]}
      />
      {shown && <Actions service={shown} close={() => show(null)} />}
    </>
  );
}

function Actions({ service, close }: { service: ServiceLastAccessed; close: () => void }) {
  return (
    <Modal visible onDismiss={close} closeAriaLabel="Close" size="large" header={service.ServiceName}>
      <Table
        variant="embedded"
        items={service.TrackedActionsLastAccessed ?? []}
        empty={<Box>No actions</Box>}
        columnDefinitions={[
          { id: "action", header: "Action", cell: (one) => one.ActionName },
          { id: "last", header: "Last accessed", cell: (one) => <Time at={one.LastAccessedTime} /> },
          { id: "region", header: "Region", cell: (one) => one.LastAccessedRegion ?? "-" },
        ]}
      />
    </Modal>
  );
}
