// The Region of the navigation bar: in the address as `?region=`, and kept for the tab's next pages.

import { useCallback } from "react";
import { useSearchParams } from "react-router";

const KEY = "batchyard.region";

export function useRegion(): [string, (region: string) => void] {
  const [search, setSearch] = useSearchParams();
  const region = search.get("region") ?? sessionStorage.getItem(KEY) ?? "us-east-1";
  const set = useCallback(
    (chosen: string) => {
      sessionStorage.setItem(KEY, chosen);
      setSearch((before) => {
        const after = new URLSearchParams(before);
        after.set("region", chosen);
        return after;
      });
    },
    [setSearch],
  );
  if (search.get("region") !== null) sessionStorage.setItem(KEY, region);
  return [region, set];
}
