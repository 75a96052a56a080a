// What the server tells before anybody is signed in: whether development credentials work, and the partitions' Regions.

import { useQuery } from "@tanstack/react-query";

export interface About {
  developmentCredentials: boolean;
  partitions: { name: string; regions: string[] }[];
}

export function useAbout(): About | undefined {
  const { data } = useQuery({
    queryKey: ["about"],
    queryFn: async () => (await (await fetch("/console/about.json")).json()) as About,
    staleTime: Infinity,
  });
  return data;
}
