import { describe, expect, it } from "vitest";
import { type Definition, find } from "../draft/model";
import { givenFor } from "./reads";
import { sourcesAt } from "./sources";

const definition: Definition = {
  steps: [
    { id: "list", type: "app", component: "desk.list", inputs: {} },
    {
      id: "loop",
      type: "for-each",
      items: "steps.list.output.rows",
      steps: [
        {
          id: "send",
          type: "app",
          inputs: { text: "{{ item.name }} of {{ data.shop }}: steps.no" },
        },
        { id: "note", type: "set", values: { text: "{{ steps.send.output.id }}" } },
      ],
    },
    { id: "check", type: "condition", branches: [{ when: "vars.ok && event.x > 1", steps: [] }] },
    { id: "last", type: "set", values: { all: '{{ steps["list"].output }}', me: "steps.loop" } },
  ],
};
const samples = {
  data: { shop: "Pens" },
  event: null,
  steps: { list: { output: { rows: [{ name: "Ink" }] } } },
};

function given(id: string, known = samples) {
  const place = find(definition, id);
  if (!place) throw new Error("there is no such step");
  const none = { component: () => undefined, trigger: () => undefined };
  return givenFor(definition, place, known, sourcesAt(definition, place.path, none, known));
}

describe("a test of one step", () => {
  it("is given what the step's expressions read, and no more", () => {
    expect(given("last")).toEqual({
      given: { steps: { list: { rows: [{ name: "Ink" }] } } },
      lacking: [],
    });
    expect(given("list")).toEqual({ given: {}, lacking: [] });
  });

  it("stands at the first item of its loop", () => {
    expect(given("send")).toEqual({
      given: { data: { shop: "Pens" }, item: { name: "Ink" } },
      lacking: [],
    });
  });

  it("names what it reads and no run has had", () => {
    expect(given("note").lacking).toEqual(["steps.send"]);
    expect(given("check").lacking).toEqual(["event", "vars"]);
    expect(given("send", { ...samples, steps: {} as never }).lacking).toEqual(["steps.list"]);
  });

  it("leaves out what runs inside it", () => {
    expect(given("loop")).toEqual({
      given: { data: { shop: "Pens" }, steps: { list: { rows: [{ name: "Ink" }] } } },
      lacking: [],
    });
  });
});
