import { describe, expect, test } from "vitest";

import { isServiceLinked, trustedEntities } from "../src/pages/iam/roles/trusted";

const document = (principal: unknown, effect = "Allow") =>
  encodeURIComponent(
    JSON.stringify({ Statement: { Effect: effect, Principal: principal, Action: "sts:AssumeRole" } }),
  );
const LINKED = "/aws-service-role/batch.amazonaws.com/";

describe("trusted entities", () => {
  test.each([
    [{ Service: "batch.amazonaws.com" }, LINKED, "AWS Service: batch (Service-linked role)"],
    [{ Service: ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"] }, "/", "AWS Service: ec2, AWS Service: ecs-tasks"],
    [{ Service: "ec2.amazonaws.com.cn" }, "/", "AWS Service: ec2"],
    [{ AWS: "arn:aws:iam::123456789012:root" }, "/", "Account: 123456789012"],
    [{ AWS: "123456789012" }, "/", "Account: 123456789012"],
    ["*", "/", "Anyone"],
    [{ Federated: "accounts.google.com" }, "/", "Identity Provider: accounts.google.com"],
  ])("%j is told as AWS tells it", (principal, path, told) => {
    expect(trustedEntities(document(principal), path)).toBe(told);
  });

  test("a denial trusts nobody", () => {
    expect(trustedEntities(document("*", "Deny"), "/")).toBe("");
  });

  test("the path makes a role service-linked", () => {
    expect([isServiceLinked(LINKED), isServiceLinked("/"), isServiceLinked(undefined)]).toEqual([true, false, false]);
  });
});
