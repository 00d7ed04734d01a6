import { expect, test } from "vitest";
import { nextPath } from "./session";

test.each([
  ["next=/projects/p1/runs", "/projects/p1/runs"],
  ["", "/"],
  ["next=//evil.example", "/"],
  ["next=/\\evil.example", "/"],
  ["next=https://evil.example", "/"],
  ["next=javascript:alert(1)", "/"],
])("after sign-in with ?%s comes %s", (query, path) => {
  expect(nextPath(new URLSearchParams(query))).toBe(path);
});
