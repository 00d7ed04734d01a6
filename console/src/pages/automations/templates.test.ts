import { describe, expect, it } from "vitest";
import { TEMPLATES, appsOf, isTemplate, needsAccount } from "./templates";

const files = Object.keys(import.meta.glob("./templates/*.json"));

describe("templates", () => {
  it("are all offered", () => {
    const names = files.map((path) => path.replace(/^.*\/|\.json$/g, ""));
    expect(names.sort()).toEqual([...TEMPLATES].sort());
  });

  it("come in the order of what they need", () => {
    const needs = TEMPLATES.map((one) => (needsAccount(one) ? 2 : appsOf(one).length > 0 ? 1 : 0));
    expect(needs).toEqual([...needs].sort());
    expect(needs.filter((need) => need === 0).length).toBeGreaterThan(5);
  });

  it("are known by name", () => {
    expect([isTemplate("greet"), isTemplate("nothing"), isTemplate(null)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
