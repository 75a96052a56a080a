import { describe, expect, test } from "vitest";

import { clone, FIRST, submission } from "../src/pages/batch/jobs/submission";
import { words } from "../src/pages/batch/words";

describe("the form of Submit job", () => {
  test("sends nothing that was left empty", () => {
    const draft = { ...FIRST, name: "a", queue: "q", definition: "d:1" };
    expect(submission(draft)).toEqual({ jobName: "a", jobQueue: "q", jobDefinition: "d:1" });
  });

  test("sends every field", () => {
    const draft = {
      name: "a",
      queue: "q",
      definition: "d:1",
      kind: "array",
      size: "3",
      dependsOn: "one, two",
      share: "blue",
      command: '["echo", "a b"]',
      vcpus: "2",
      memory: "1024",
      attempts: "3",
      environment: "A=1\nB=x=y",
      parameters: "p=v",
    };
    expect(submission(draft)).toEqual({
      jobName: "a",
      jobQueue: "q",
      jobDefinition: "d:1",
      arrayProperties: { size: 3 },
      dependsOn: [{ jobId: "one" }, { jobId: "two" }],
      shareIdentifier: "blue",
      retryStrategy: { attempts: 3 },
      parameters: { p: "v" },
      containerOverrides: {
        command: ["echo", "a b"],
        environment: [
          { name: "A", value: "1" },
          { name: "B", value: "x=y" },
        ],
        resourceRequirements: [
          { type: "VCPU", value: "2" },
          { type: "MEMORY", value: "1024" },
        ],
      },
    });
  });

  test("a clone submits the same again", () => {
    const job = {
      jobName: "a",
      jobQueue: "arn:aws:batch:us-east-1:1:job-queue/q",
      jobDefinition: "arn:aws:batch:us-east-1:1:job-definition/d:4",
      arrayProperties: { size: 7 },
      container: {
        command: ["echo", "a b"],
        environment: [{ name: "A", value: "1" }],
        resourceRequirements: [{ type: "VCPU" as const, value: "2" }],
      },
    };
    const again = submission({ ...FIRST, ...clone(job as never) });
    expect(again).toMatchObject({
      jobName: "a",
      jobQueue: "q",
      jobDefinition: "d:4",
      arrayProperties: { size: 7 },
      containerOverrides: { command: ["echo", "a b"], environment: [{ name: "A", value: "1" }] },
    });
  });

  test("a command is words or a JSON list", () => {
    expect([words(" a  b "), words('["a b"]'), words("")]).toEqual([["a", "b"], ["a b"], []]);
  });
});
