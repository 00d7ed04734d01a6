import { describe, expect, it } from "vitest";
import { isShaped } from "./editor/model";
import { DEFINITIONS, TEMPLATES, imported } from "./templates";

describe("templates", () => {
  it.each(TEMPLATES)("%s can be shown by the editor", (template) => {
    expect(isShaped(DEFINITIONS[template])).toBe(true);
  });
});

describe("importing", () => {
  it("takes an exported file and a bare definition", () => {
    const definition = { steps: [] };
    expect(imported(JSON.stringify({ name: "Orders", definition }), "File")).toEqual({
      name: "Orders",
      definition,
    });
    expect(imported(JSON.stringify(definition), "File")).toEqual({ name: "File", definition });
  });

  it.each(["", "[]", "3", "{}", '{"definition": 1}'])("refuses %j", (source) => {
    expect(imported(source, "File")).toBeNull();
  });
});
