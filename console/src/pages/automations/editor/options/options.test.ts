import { describe, expect, it } from "vitest";
import { ApiError } from "../../../../api/client";
import { canShow } from "../forms/fields";
import { askedOf, keyOf, needsAccount } from "./options";

const schema = {
  type: "object",
  properties: { board: { type: "string", title: "Board" }, size: { type: "integer", default: 3 } },
};
const described = { dependsOn: ["board", "size"], isSearched: false, scopes: [] };
const asked = (inputs: Parameters<typeof askedOf>[5]) =>
  askedOf("p", "desk.move", "column", described, schema, inputs);

describe("what can be asked of an app", () => {
  it("waits for the inputs that it depends on, named as people see them", () => {
    expect(asked({}).missing).toEqual(["Board"]);
    expect(asked({ board: "" }).missing).toEqual(["Board"]);
  });

  it("is asked with these inputs only, and with defaults", () => {
    const ready = asked({ board: "b1", title: "Hello" });
    expect(ready.missing).toEqual([]);
    expect(ready.given).toEqual({ board: "b1", size: 3 });
  });

  it("cannot be asked when an input is known only at run time", () => {
    expect(asked({ board: "{{ data.board }}" }).computed).toEqual(["Board"]);
    expect(asked({ board: { id: "{{ data.board }}" } }).computed).toEqual(["Board"]);
  });
});

it("leads to the settings for what only an account can mend", () => {
  const error = (code: number) => new ApiError(code, "NAME", "message");
  expect([600, 209, 217].map((code) => needsAccount(error(code)))).toEqual([true, true, true]);
  expect(needsAccount(error(409))).toBe(false);
});

it("tells values of different types apart", () => {
  expect(keyOf("1")).not.toBe(keyOf(1));
});

it("shows an expression as text and a choice as a choice", () => {
  expect(canShow("options", "c1")).toBe(true);
  expect(canShow("options", ["c1", "{{ data.x }}"])).toBe(false);
  expect(canShow("choices", ["a"])).toBe(true);
  expect(canShow("choices", "{{ data.x }}")).toBe(false);
  expect(canShow("number", "{{ data.x }}")).toBe(false);
});
