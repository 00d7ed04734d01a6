import { expect, it } from "vitest";
import { numbered } from "./iteration";

it("counts iterations from one, in loops inside loops, too", () => {
  expect(numbered("0")).toBe("1");
  expect(numbered("0.9")).toBe("1.10");
  expect(numbered("")).toBe("");
});
