import { describe, expect, it } from "vitest";
import { exported, imported } from "./exchange";

const definition = { steps: [] };

describe("importing", () => {
  it("takes what was exported, and a bare definition", () => {
    expect(imported(exported("Orders", definition), "File")).toEqual({
      name: "Orders",
      definition,
    });
    expect(imported(JSON.stringify(definition), "File")).toEqual({ name: "File", definition });
  });

  it.each(["", "[]", "3", "{}", '{"definition": 1}'])("refuses %j", (source) => {
    expect(imported(source, "File")).toBeNull();
  });
});
