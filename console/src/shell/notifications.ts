// The notifications at the top of the page. They stay over page changes; what must outlive a reload keeps itself.

import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { useSyncExternalStore } from "react";

import { refusal } from "../aws";

type Item = FlashbarProps.MessageDefinition & { id: string };

let items: readonly Item[] = [];
const listeners = new Set<() => void>();
let last = 0;

function set(changed: readonly Item[]): void {
  items = changed;
  listeners.forEach((tell) => tell());
}

/** Show a notification, or put it in place of that with the same id. */
export function notify(item: Omit<Item, "id"> & { id?: string }): void {
  const id = item.id ?? `n${++last}`;
  const whole: Item = { dismissible: true, onDismiss: () => dismiss(id), ...item, id };
  const at = items.findIndex((one) => one.id === id);
  set(at < 0 ? [whole, ...items] : items.with(at, whole));
}

export function dismiss(id: string): void {
  set(items.filter((item) => item.id !== id));
}

export function dismissAll(): void {
  set([]);
}

/** Tell that a call failed, in AWS's words. */
export function notifyFailure(header: string, error: unknown): void {
  const { code, message, requestId } = refusal(error);
  const content = `${code}: ${message}${requestId ? ` (request id ${requestId})` : ""}`;
  notify({ type: "error", header, content });
}

export function useNotifications(): readonly Item[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => items,
  );
}
