// A form's fields, kept in the tab so that a reload in the middle of it loses nothing.

import { useState } from "react";

export function useDraft<Draft extends object>(
  name: string,
  first: Draft,
): [Draft, (changed: Partial<Draft>) => void, () => void] {
  const key = `batchyard.draft.${name}`;
  const [draft, set] = useState<Draft>(() => {
    const kept = sessionStorage.getItem(key);
    return kept === null ? first : { ...first, ...(JSON.parse(kept) as Partial<Draft>) };
  });
  const change = (changed: Partial<Draft>) =>
    set((before) => {
      const after = { ...before, ...changed };
      sessionStorage.setItem(key, JSON.stringify(after));
      return after;
    });
  return [draft, change, () => sessionStorage.removeItem(key)];
}
