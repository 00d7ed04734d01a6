import { describe, expect, it } from "vitest";
import { copied, pasted } from "./clipboard";
import type { Definition, Step } from "./model";

const greet: Step = { id: "greet", type: "set", values: { text: "Hello" } };
const here: Definition = { steps: [greet] };

describe("pasted steps", () => {
  it("have ids of their own in an automation that has such ids already", () => {
    expect(pasted(here, copied([greet]))).toEqual([{ ...greet, id: "greet_2" }]);
  });

  it("keep their ids elsewhere", () => {
    expect(pasted({ steps: [] }, copied([greet]))).toEqual([greet]);
  });

  it.each([
    ["a step", greet],
    ["a list", [greet]],
    ["a definition", { trigger: { type: "manual" }, steps: [greet] }],
  ])("may be %s that was written by hand", (_, value) => {
    expect(pasted({ steps: [] }, JSON.stringify(value))).toEqual([greet]);
  });

  it("may come from a list that reads a step inside a branch", () => {
    const list = [greet, { id: "after", type: "stop", message: "{{ steps.greet.output.text }}" }];
    expect(pasted(here, JSON.stringify(list))?.[1]?.message).toBe(
      "{{ steps.greet_2.output.text }}",
    );
  });

  it.each(["", "Hello", "3", "null", "{}", "[]", '{"steps": [{"id": 3}]}', '[{"id": "a"}]'])(
    "are not %j",
    (text) => {
      expect(pasted(here, text)).toBeNull();
    },
  );
});
