// Reads for the pages: each query is one or more calls of AWS's operations under the person's own permissions.

import { paginateListRoles, paginateListUsers, paginateListPolicies } from "@aws-sdk/client-iam";
import {
  paginateDescribeComputeEnvironments,
  paginateDescribeJobDefinitions,
  paginateDescribeJobQueues,
} from "@aws-sdk/client-batch";

import { batch, iam } from "./aws";

/** Every page of a listing, joined. `take` picks the members of a page. */
export async function all<Page, Item>(pages: AsyncIterable<Page>, take: (page: Page) => Item[] | undefined) {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(take(page) ?? []));
  return items;
}

export const listRoles = () => all(paginateListRoles({ client: iam(), pageSize: 1000 }, {}), (page) => page.Roles);

export const listUsers = () => all(paginateListUsers({ client: iam(), pageSize: 1000 }, {}), (page) => page.Users);

export const listPolicies = (Scope: "All" | "AWS" | "Local") =>
  all(paginateListPolicies({ client: iam(), pageSize: 1000 }, { Scope }), (page) => page.Policies);

export const describeComputeEnvironments = (region: string, names?: string[]) =>
  all(
    paginateDescribeComputeEnvironments({ client: batch(region) }, names ? { computeEnvironments: names } : {}),
    (page) => page.computeEnvironments,
  );

export const describeJobQueues = (region: string, names?: string[]) =>
  all(
    paginateDescribeJobQueues({ client: batch(region) }, names ? { jobQueues: names } : {}),
    (page) => page.jobQueues,
  );

export const describeJobDefinitions = (region: string, status: "ACTIVE" | "INACTIVE" = "ACTIVE") =>
  all(paginateDescribeJobDefinitions({ client: batch(region) }, { status }), (page) => page.jobDefinitions);
