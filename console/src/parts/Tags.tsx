// A resource's tags, read.

import { ResourceTable } from "./ResourceTable";

interface Tag {
  Key?: string | undefined;
  Value?: string | undefined;
}

export function Tags({ tags }: { tags: readonly Tag[] | Record<string, string> }) {
  const items = Array.isArray(tags)
    ? (tags as readonly Tag[])
    : Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return (
    <ResourceTable<Tag>
      title="Tags"
      noun="tag"
      items={items}
      keyOf={(tag) => tag.Key ?? ""}
      columns={[
        { id: "key", header: "Key", isRowHeader: true, cell: (tag) => tag.Key },
        { id: "value", header: "Value", cell: (tag) => tag.Value },
      ]}
    />
  );
}
