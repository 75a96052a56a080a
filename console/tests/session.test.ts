import { beforeEach, expect, test } from "vitest";

import { setSigned, shownName, type Signed, signed } from "../src/session";
import { takeFederationToken } from "../src/pages/signin/ways";

const ANN: Signed = {
  accessKeyId: "ASIA1",
  secretAccessKey: "s",
  account: "123456789012",
  arn: "arn:aws:iam::123456789012:user/p/ann",
  partition: "aws",
};

beforeEach(() => setSigned(null));

test("credentials are kept in this tab alone, and go with the sign-out", () => {
  setSigned(ANN);
  expect(signed()).toEqual(ANN);
  expect(sessionStorage.length).toBe(1);
  expect(localStorage.length).toBe(0);
  setSigned(null);
  expect([signed(), sessionStorage.length]).toEqual([null, 0]);
});

test.each([
  ["arn:aws:iam::1:root", "root"],
  ["arn:aws:iam::1:user/p/ann", "p/ann"],
  ["arn:aws:sts::1:assumed-role/admin/ann", "admin/ann"],
])("%s is shown as %s", (arn, shown) => expect(shownName({ ...ANN, arn })).toBe(shown));

test("a sign-in token leaves the address and the history when it is taken", () => {
  window.history.replaceState(null, "", "/console/iam/roles?region=eu-west-1#SigninToken=abc%2Bd");
  expect(takeFederationToken()).toBe("abc+d");
  expect(window.location.href).toMatch(/\/console\/iam\/roles\?region=eu-west-1$/);
  expect(takeFederationToken()).toBeNull();
});
