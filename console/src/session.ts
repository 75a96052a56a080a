// Who is signed in. Credentials live in this tab's sessionStorage alone, and are gone when the tab is closed.

export interface Signed {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** When the credentials end, in milliseconds; absent for keys that do not. */
  expiresAt?: number;
  account: string;
  arn: string;
  partition: string;
  /** The session from which a role was taken on, to go back to. */
  before?: Signed;
}

const KEY = "batchyard.session";
const listeners = new Set<() => void>();
let known: Signed | null | undefined;

export function signed(): Signed | null {
  if (known === undefined) {
    const text = sessionStorage.getItem(KEY);
    known = text === null ? null : (JSON.parse(text) as Signed);
  }
  return known;
}

export function setSigned(session: Signed | null): void {
  known = session;
  if (session === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, JSON.stringify(session));
  listeners.forEach((tell) => tell());
}

export function onSigned(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The name that the navigation bar shows: `ann`, `role/session`, `root`. */
export function shownName(session: Signed): string {
  const [, , , , , resource = ""] = session.arn.split(":");
  return resource.replace(/^(user|assumed-role|federated-user)\//, "");
}
