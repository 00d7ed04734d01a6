import { expect, it } from "vitest";
import { type Lacking, isToldOf, lackOf } from "./lacking";

it("an app lacks one thing at a time, the integration first", () => {
  expect(lackOf(false, undefined)).toBe("integration");
  expect(lackOf(true, undefined)).toBe("account");
  expect(lackOf(true, "invalid")).toBe("broken");
  expect(lackOf(true, "connected")).toBeNull();
});

it("what lacks is told once", () => {
  const lacking: Lacking[] = [{ appKey: "desk", appName: "Desk", lack: "integration" }];
  const path = "steps[0].component";
  const message = "The project has no integration of Desk (`desk`), which “A” needs.";
  expect(isToldOf({ path, message }, lacking)).toBe(true);
  expect(isToldOf({ path, message }, [])).toBe(false);
  expect(isToldOf({ path: "steps[0].when", message: "`desk` may fail" }, lacking)).toBe(false);
});
