import { describe, expect, it } from "vitest";
import { choicesOf, read, widgetOf, written } from "./fields";

describe("widgets", () => {
  it.each([
    [{ type: "string", maxLength: 60 }, "text"],
    [{ type: "string" }, "long"],
    [{ type: "string", enum: ["a"] }, "choice"],
    [{ type: "integer" }, "number"],
    [{ type: "boolean" }, "boolean"],
    [{ type: "array", items: { type: "string", enum: ["a"] } }, "choices"],
    [{ type: "array", items: { type: "integer" } }, "json"],
    [{ type: "object" }, "json"],
    [{}, "json"],
    [{ type: ["string", "null"] }, "json"],
  ])("of %j is %s", (schema, widget) => {
    expect(widgetOf(schema)).toBe(widget);
  });
});

describe("values in a text field for JSON", () => {
  it.each([[{ a: 1 }], [[1, 2]], [3], ["3"], ["true"], ["Hello {{ data.x }}"], [null], [""]])(
    "%j comes back as it was",
    (value) => {
      const back = value === "" ? undefined : value;
      expect(read(value === "" ? "" : written(value))).toEqual(back);
    },
  );

  it("take unfinished JSON as text, so that nothing typed is lost", () => {
    expect(read('{"a": ')).toBe('{"a": ');
  });
});

it("keeps the type of a choice", () => {
  expect(choicesOf({ enum: [1, "a", null] })).toEqual([
    { text: "1", value: 1 },
    { text: "a", value: "a" },
    { text: "null", value: null },
  ]);
});
