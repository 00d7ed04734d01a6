import { describe, expect, it } from "vitest";
import { type FieldKind, inserted, isExpression } from "./expressions";

describe("the data picker", () => {
  it.each<[string, FieldKind, string, number, string]>([
    ["text around it stays", "text", "Hello !", 6, "Hello {{ data.x }}!"],
    ["an empty list of a loop gives way", "bare", "[]", 0, "data.x"],
    ["so does a constant", "bare", "true", 4, "data.x"],
    ["and another path, as two beside each other mean nothing", "bare", "data.y.z", 8, "data.x"],
    ["an expression that says more takes it at the caret", "bare", "size()", 5, "size(data.x)"],
    ["a number gives way", "value", "60", 2, "{{ data.x }}"],
    ["an empty map gives way", "value", "{}", 1, "{{ data.x }}"],
    ["text in a value stays", "value", "No. ", 4, "No. {{ data.x }}"],
    ["within JSON it is text of JSON", "value", '{"a": }', 6, '{"a": "{{ data.x }}"}'],
    ["unless it is in text already", "value", '{"a": "x"}', 8, '{"a": "x{{ data.x }}"}'],
    ["a choice gives way", "whole", "open", 2, "{{ data.x }}"],
  ])("%s", (_, kind, text, caret, result) => {
    const next = inserted(text, "data.x", caret, caret, kind);
    expect(next.text).toBe(result);
    expect(next.text.slice(0, next.caret)).toMatch(/data\.x/);
  });

  it("takes the place of what is selected", () => {
    expect(inserted("Hello NAME!", "data.name", 6, 10, "text")).toEqual({
      text: "Hello {{ data.name }}!",
      caret: 21,
    });
  });

  it("keeps JSON readable when a name needs quotation marks", () => {
    const text = inserted('{"a": "x"}', 'data["a b"]', 8, 8, "value").text;
    expect(JSON.parse(text)).toEqual({ a: 'x{{ data["a b"] }}' });
  });
});

it("knows an expression from text and from escaped braces", () => {
  expect(isExpression("{{ data.x }}")).toBe(true);
  expect(isExpression("plain")).toBe(false);
  expect(isExpression("\\{{ not one")).toBe(false);
  expect(isExpression(3)).toBe(false);
});
