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
  const warning = (code: string, app: string) => ({ path, message: "…", code, params: { app } });
  expect(isToldOf(warning("app-not-added", "desk"), lacking)).toBe(true);
  expect(isToldOf(warning("app-not-added", "desk"), [])).toBe(false);
  expect(isToldOf(warning("app-not-added", "shop"), lacking)).toBe(false);
  expect(isToldOf(warning("account-not-connected", "desk"), lacking)).toBe(false);
});
