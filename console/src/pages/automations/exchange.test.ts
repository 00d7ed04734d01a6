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

  it("leaves saved secrets out of a file, and says where they are to be entered", () => {
    const saved = "inlay-secret:AbC=";
    const held = {
      trigger: { type: "app", component: "webhook.received", inputs: { secret: saved, a: "b" } },
      steps: [
        { id: "a", type: "app", component: "x.y", inputs: { keys: [saved, "{{ data.k }}"] } },
      ],
    };
    const file = exported("Orders", held as never);
    expect(file).not.toContain(saved);
    expect(imported(file, "File")).toEqual({
      name: "Orders",
      definition: {
        trigger: { type: "app", component: "webhook.received", inputs: { a: "b" } },
        steps: [{ id: "a", type: "app", component: "x.y", inputs: { keys: ["{{ data.k }}"] } }],
      },
      secrets: ["trigger.inputs.secret", "steps[0].inputs.keys[0]"],
    });
  });

  it.each(["", "[]", "3", "{}", '{"definition": 1}'])("refuses %j", (source) => {
    expect(imported(source, "File")).toBeNull();
  });
});
