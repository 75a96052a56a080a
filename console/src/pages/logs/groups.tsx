// CloudWatch › Log groups: the Region's groups, each with its streams.

import Button from "@cloudscape-design/components/button";
import { type LogGroup, type LogStream, paginateDescribeLogGroups, paginateDescribeLogStreams } from "@aws-sdk/client-cloudwatch-logs";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";

import { logs } from "../../aws";
import { ResourceTable } from "../../parts/ResourceTable";
import { Time } from "../../parts/Time";
import { all } from "../../queries";
import { useRegion } from "../../region";
import { useDocumentTitle } from "../../shell/useDocumentTitle";

export default function LogGroups() {
  useDocumentTitle("Log groups | CloudWatch");
  const [search] = useSearchParams();
  const group = search.get("group");
  return group === null ? <Groups /> : <Streams group={group} />;
}

function Groups() {
  const [region] = useRegion();
  const navigate = useNavigate();
  const { data, error } = useQuery({
    queryKey: ["log-groups", region],
    queryFn: () => all(paginateDescribeLogGroups({ client: logs(region) }, {}), (page) => page.logGroups),
    retry: false,
  });
  return (
    <ResourceTable<LogGroup>
      title="Log groups"
      noun="log group"
      items={data}
      error={error}
      keyOf={(one) => one.logGroupName as string}
      columns={[
        {
          id: "name",
          header: "Log group",
          isRowHeader: true,
          cell: (one) => (
            <Button
              variant="inline-link"
              onClick={() => void navigate(`/cloudwatch/log-groups?group=${encodeURIComponent(one.logGroupName as string)}`)}
            >
              {one.logGroupName}
            </Button>
          ),
        },
        { id: "retention", header: "Retention", cell: (one) => (one.retentionInDays ? `${one.retentionInDays} days` : "Never expire") },
        { id: "created", header: "Creation time", cell: (one) => <Time at={one.creationTime} /> },
      ]}
    />
  );
}

function Streams({ group }: { group: string }) {
  const [region] = useRegion();
  const { data, error } = useQuery({
    queryKey: ["log-streams", region, group],
    queryFn: () =>
      all(
        paginateDescribeLogStreams(
          { client: logs(region) },
          { logGroupName: group, orderBy: "LastEventTime", descending: true },
        ),
        (page) => page.logStreams,
      ),
    retry: false,
  });
  return (
    <ResourceTable<LogStream>
      title={group}
      noun="log stream"
      items={data}
      error={error}
      keyOf={(one) => one.logStreamName as string}
      columns={[
        { id: "name", header: "Log stream", isRowHeader: true, cell: (one) => one.logStreamName },
        { id: "last", header: "Last event time", cell: (one) => <Time at={one.lastEventTimestamp} /> },
      ]}
    />
  );
}
