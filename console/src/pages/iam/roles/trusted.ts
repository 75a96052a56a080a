// Who may take a role on, as the column "Trusted entities" tells it.

interface Statement {
  Effect: string;
  Principal?: string | Record<string, string | string[]>;
}

const many = <T,>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

export const SERVICE_LINKED_PATH = "/aws-service-role/";

export function isServiceLinked(path: string | undefined): boolean {
  return path?.startsWith(SERVICE_LINKED_PATH) ?? false;
}

/** `AWS Service: batch (Service-linked role)`, `Account: 123456789012`, `Identity Provider: …`. */
export function trustedEntities(document: string | undefined, path: string | undefined): string {
  if (document === undefined) return "-";
  const { Statement: statements } = JSON.parse(decodeURIComponent(document)) as { Statement: Statement | Statement[] };
  const told = many(statements)
    .filter((one) => one.Effect === "Allow")
    .flatMap(({ Principal }) => (typeof Principal === "string" ? [["AWS", Principal]] : pairs(Principal)))
    .map(([kind, value]) => entity(kind as string, value as string));
  const mark = isServiceLinked(path) ? " (Service-linked role)" : "";
  return [...new Set(told)].join(", ") + mark;
}

function pairs(principal: Record<string, string | string[]> | undefined): string[][] {
  return Object.entries(principal ?? {}).flatMap(([kind, values]) => many(values).map((value) => [kind, value]));
}

function entity(kind: string, value: string): string {
  if (kind === "Service") return `AWS Service: ${value.replace(/\.amazonaws\.com(\.cn)?$/, "")}`;
  if (kind === "Federated") return `Identity Provider: ${value}`;
  return value === "*" ? "Anyone" : `Account: ${value.split(":")[4] ?? value}`;
}
