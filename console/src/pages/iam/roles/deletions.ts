// The deletion tasks of service-linked roles: followed to their end over page changes and reloads.

import { DeleteServiceLinkedRoleCommand, GetServiceLinkedRoleDeletionStatusCommand } from "@aws-sdk/client-iam";
import type { DeletionTaskFailureReasonType } from "@aws-sdk/client-iam";
import type { QueryClient } from "@tanstack/react-query";

import { iam, isEnded, refusal } from "../../../aws";
import { signed } from "../../../session";

export interface Deletion {
  taskId: string;
  roleName: string;
  account: string;
  status: string;
  /** Why it failed, with the resources by Region where the service told them. */
  reason?: DeletionTaskFailureReasonType;
}

const KEY = "batchyard.deletions";
const EVERY_MS = 1000;
const listeners = new Set<() => void>();
let deletions: readonly Deletion[] = JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Deletion[];
const followed = new Set<string>();

function set(changed: readonly Deletion[]): void {
  deletions = changed;
  sessionStorage.setItem(KEY, JSON.stringify(changed));
  listeners.forEach((tell) => tell());
}

export const deletionsNow = () => deletions;

export function onDeletions(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function forget(taskId: string): void {
  set(deletions.filter((one) => one.taskId !== taskId));
}

/** Submit a service-linked role for deletion, and follow the task. */
export async function submit(roleName: string, queries: QueryClient): Promise<void> {
  const answer = await iam().send(new DeleteServiceLinkedRoleCommand({ RoleName: roleName }));
  const taskId = answer.DeletionTaskId as string;
  const account = signed()?.account ?? "";
  // What an earlier try of the same role came to is out of date.
  const others = deletions.filter((one) => one.roleName !== roleName || one.account !== account);
  set([{ taskId, roleName, account, status: "NOT_STARTED" }, ...others]);
  follow(queries);
}

/** Ask for the state of each task that has not ended, again and again until it has. */
export function follow(queries: QueryClient): void {
  for (const { taskId, status, account } of deletions) {
    if (isOver(status) || followed.has(taskId) || account !== signed()?.account) continue;
    followed.add(taskId);
    void watch(taskId, queries).finally(() => followed.delete(taskId));
  }
}

async function watch(taskId: string, queries: QueryClient): Promise<void> {
  for (;;) {
    try {
      const answer = await iam().send(new GetServiceLinkedRoleDeletionStatusCommand({ DeletionTaskId: taskId }));
      put(taskId, { status: answer.Status ?? "IN_PROGRESS", ...(answer.Reason ? { reason: answer.Reason } : {}) });
    } catch (error) {
      if (signed() === null || isEnded(error)) return;
      const { code, message } = refusal(error);
      put(taskId, { status: "UNKNOWN", reason: { Reason: `${code}: ${message}` } });
    }
    const now = deletions.find((one) => one.taskId === taskId);
    if (now === undefined || isOver(now.status)) break;
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
  await queries.invalidateQueries({ queryKey: ["roles"] });
}

function put(taskId: string, changed: Partial<Deletion>): void {
  set(deletions.map((one) => (one.taskId === taskId ? { ...one, ...changed } : one)));
}

export function isOver(status: string): boolean {
  return status === "SUCCEEDED" || status === "FAILED" || status === "UNKNOWN";
}
