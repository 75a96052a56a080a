// Every page of the console by its path, with the AWS actions that it needs. Pages are loaded when they are opened.

import { type ComponentType, lazy } from "react";

interface Route {
  path: string;
  page: ComponentType;
  actions: readonly string[];
}

type Load = () => Promise<{ default: ComponentType }>;
const route = (path: string, load: Load, ...actions: string[]): Route => ({ path, page: lazy(load), actions });

export const ROUTES: readonly Route[] = [
  route("/iam/roles", () => import("./pages/iam/roles/list"), "iam:ListRoles", "iam:GetRole"),
  route("/iam/roles/:name", () => import("./pages/iam/roles/summary"), "iam:GetRole"),
  route("/iam/users", () => import("./pages/iam/users/list"), "iam:ListUsers"),
  route("/iam/users/:name", () => import("./pages/iam/users/detail"), "iam:GetUser"),
  route("/iam/policies", () => import("./pages/iam/policies/list"), "iam:ListPolicies"),
  route("/batch/dashboard", () => import("./pages/batch/dashboard"), "batch:DescribeJobQueues", "batch:ListJobs"),
  route(
    "/batch/compute-environments",
    () => import("./pages/batch/compute-environments/list"),
    "batch:DescribeComputeEnvironments",
  ),
  route(
    "/batch/compute-environments/create",
    () => import("./pages/batch/compute-environments/create"),
    "batch:CreateComputeEnvironment",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
  ),
  route(
    "/batch/compute-environments/:name",
    () => import("./pages/batch/compute-environments/detail"),
    "batch:DescribeComputeEnvironments",
  ),
  route("/batch/job-queues", () => import("./pages/batch/job-queues/list"), "batch:DescribeJobQueues"),
  route("/batch/job-queues/create", () => import("./pages/batch/job-queues/create"), "batch:CreateJobQueue"),
  route("/batch/job-queues/:name", () => import("./pages/batch/job-queues/detail"), "batch:DescribeJobQueues"),
  route("/batch/job-definitions", () => import("./pages/batch/job-definitions/list"), "batch:DescribeJobDefinitions"),
  route(
    "/batch/job-definitions/create",
    () => import("./pages/batch/job-definitions/create"),
    "batch:RegisterJobDefinition",
  ),
  route("/batch/jobs", () => import("./pages/batch/jobs/list"), "batch:ListJobs", "batch:DescribeJobQueues"),
  route("/batch/jobs/submit", () => import("./pages/batch/jobs/submit"), "batch:SubmitJob"),
  route("/batch/jobs/:id", () => import("./pages/batch/jobs/detail"), "batch:DescribeJobs", "logs:GetLogEvents"),
  route("/cloudtrail/events", () => import("./pages/cloudtrail/events"), "cloudtrail:LookupEvents"),
  route("/cloudwatch/log-groups", () => import("./pages/logs/groups"), "logs:DescribeLogGroups"),
];
