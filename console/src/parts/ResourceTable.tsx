// A table of an account's resources: filter, sort, pages, check boxes, and the state "there are none" with the next step.

import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactNode } from "react";

import { Failure } from "./Failure";

interface Props<Item> {
  title: string;
  /** What one row is, for the screen reader: "role". */
  noun: string;
  items: readonly Item[] | undefined;
  error?: unknown;
  retry?: () => void;
  keyOf: (item: Item) => string;
  columns: readonly TableProps.ColumnDefinition<Item>[];
  actions?: ReactNode;
  empty?: ReactNode;
  selected?: readonly Item[];
  onSelect?: (items: Item[]) => void;
  selection?: "single" | "multi";
  filterText?: string;
  onFilter?: (text: string) => void;
  pageSize?: number;
}

export function ResourceTable<Item>(props: Props<Item>) {
  const { title, noun, items, error, retry, keyOf, columns, actions, empty } = props;
  const collection = useCollection(items ?? [], {
    filtering: {
      ...(props.filterText !== undefined ? { defaultFilteringText: props.filterText } : {}),
      empty: <Empty title={`No ${noun}s`}>{empty}</Empty>,
      noMatch: <Empty title="No matches" />,
    },
    pagination: { pageSize: props.pageSize ?? 50 },
    sorting: {},
    selection: { trackBy: keyOf },
  });
  if (error) return <Failure error={error} {...(retry ? { retry } : {})} />;
  const chosen = props.selected ?? [];
  return (
    <Table<Item>
      {...collection.collectionProps}
      items={collection.items}
      columnDefinitions={columns}
      trackBy={keyOf}
      loading={items === undefined}
      loadingText={`Loading ${noun}s`}
      variant="full-page"
      stickyHeader
      enableKeyboardNavigation
      {...(props.selection ? { selectionType: props.selection } : {})}
      selectedItems={chosen as Item[]}
      onSelectionChange={({ detail }) => props.onSelect?.(detail.selectedItems)}
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: `Select ${noun}s`,
        allItemsSelectionLabel: () => `Select all ${noun}s`,
        itemSelectionLabel: (_, item) => keyOf(item),
      }}
      header={
        <Header variant="awsui-h1-sticky" counter={items ? `(${items.length})` : ""} actions={actions}>
          {title}
        </Header>
      }
      filter={
        <TextFilter
          {...collection.filterProps}
          filteringPlaceholder="Search"
          filteringAriaLabel={`Search ${noun}s`}
          countText={`${collection.filteredItemsCount ?? 0} matches`}
          onDelayedChange={({ detail }) => props.onFilter?.(detail.filteringText)}
        />
      }
      pagination={
        <Pagination
          {...collection.paginationProps}
          ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Previous page", pageLabel: (n) => `Page ${n}` }}
        />
      }
    />
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Box textAlign="center" color="inherit" padding={{ vertical: "s" }}>
      <SpaceBetween size="s">
        <b>{title}</b>
        {children}
      </SpaceBetween>
    </Box>
  );
}
