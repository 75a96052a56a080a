// CloudTrail › Event history: who called what, when, and what came of it; by user, event or resource.

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type Event, LookupEventsCommand, type LookupAttributeKey } from "@aws-sdk/client-cloudtrail";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import { trail } from "../../aws";
import { Json } from "../../parts/Json";
import { ResourceTable } from "../../parts/ResourceTable";
import { Time } from "../../parts/Time";
import { useRegion } from "../../region";
import { useDocumentTitle } from "../../shell/useDocumentTitle";

const KEYS: readonly LookupAttributeKey[] = ["Username", "EventName", "ResourceName", "ResourceType", "EventSource"];

export default function EventHistory() {
  useDocumentTitle("Event history | CloudTrail");
  const [region] = useRegion();
  const [search, setSearch] = useSearchParams();
  const [shown, show] = useState<Event | null>(null);
  const key = (search.get("key") ?? "Username") as LookupAttributeKey;
  const value = search.get("value") ?? "";
  const [text, setText] = useState(value);
  const { data, error, refetch, fetchNextPage, hasNextPage } = useInfiniteQuery({
    queryKey: ["events", region, key, value],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      trail(region).send(
        new LookupEventsCommand({
          MaxResults: 50,
          ...(pageParam ? { NextToken: pageParam } : {}),
          ...(value ? { LookupAttributes: [{ AttributeKey: key, AttributeValue: value }] } : {}),
        }),
      ),
    getNextPageParam: (page) => page.NextToken,
    retry: false,
  });
  const set = (changed: Record<string, string>) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const [name, one] of Object.entries(changed)) after.set(name, one);
      return after;
    });
  const events = data?.pages.flatMap((page) => page.Events ?? []);
  return (
    <SpaceBetween size="m">
      <SpaceBetween direction="horizontal" size="m">
        <FormField label="Lookup attribute">
          <Select
            selectedOption={{ value: key, label: key }}
            options={KEYS.map((one) => ({ value: one, label: one }))}
            onChange={({ detail }) => set({ key: detail.selectedOption.value as string })}
          />
        </FormField>
        <FormField label="Value">
          <Input
            value={text}
            onChange={({ detail }) => setText(detail.value)}
            onKeyDown={({ detail }) => detail.key === "Enter" && set({ value: text })}
          />
        </FormField>
        <FormField label=" ">
          <Button onClick={() => set({ value: text })}>Look up</Button>
        </FormField>
      </SpaceBetween>
      <ResourceTable<Event>
        title="Event history"
        noun="event"
        items={events}
        error={error}
        retry={() => void refetch()}
        keyOf={(event) => event.EventId as string}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void refetch()} />
            <Button disabled={!hasNextPage} onClick={() => void fetchNextPage()}>
              Load more
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "Event name",
            isRowHeader: true,
            cell: (event) => (
              <Button variant="inline-link" onClick={() => show(event)}>
                {event.EventName}
              </Button>
            ),
          },
          { id: "time", header: "Event time", cell: (event) => <Time at={event.EventTime} /> },
          { id: "user", header: "User name", cell: (event) => event.Username ?? "-" },
          { id: "source", header: "Event source", cell: (event) => event.EventSource },
          { id: "error", header: "Error code", cell: (event) => recordOf(event).errorCode ?? "-" },
        ]}
      />
      {shown && (
        <Modal visible size="large" header={shown.EventName} onDismiss={() => show(null)} closeAriaLabel="Close">
          <Json value={shown.CloudTrailEvent ?? ""} label="Event record" />
        </Modal>
      )}
    </SpaceBetween>
  );
}

function recordOf(event: Event): { errorCode?: string } {
  return JSON.parse(event.CloudTrailEvent ?? "{}") as { errorCode?: string };
}
