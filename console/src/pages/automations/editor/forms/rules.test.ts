import { describe, expect, it } from "vitest";
import { type Rules, celOf, isMixed, isUnfinished, missingOf, rulesOf } from "./rules";

const one = (left: string, operator: Rules["rows"][number]["operator"], right: string): Rules => ({
  join: "&&",
  rows: [{ left, operator, right }],
});

describe("rules", () => {
  it.each<[string, Rules]>([
    ['data.name == "Ada"', one("data.name", "==", "Ada")],
    ["data.total >= 12.5", one("data.total", ">=", "12.5")],
    ["data.isPaid != true", one("data.isPaid", "!=", "true")],
    ['data.zip == "0123"', one("data.zip", "==", "0123")],
    ['data.code == "12"', one("data.code", "==", '"12"')],
    ['data.text == "a \\"b\\" && c"', one("data.text", "==", 'a "b" && c')],
    ['data.text == ""', one("data.text", "==", '""')],
    ["data.a == steps.x.output.b[0]", one("data.a", "==", "{{ steps.x.output.b[0] }}")],
    ['steps.x.output["sent to"].contains("@")', one('steps.x.output["sent to"]', "contains", "@")],
    ['!data.tags.contains("vip")', one("data.tags", "notContains", "vip")],
    ['data.name.startsWith("A")', one("data.name", "startsWith", "A")],
    ['default(data.name, "") != ""', one("data.name", "notEmpty", "")],
    ["true", { join: "&&", rows: [] }],
    [
      'data.a > 1 || data.b == "x || y"',
      {
        join: "||",
        rows: [
          { left: "data.a", operator: ">", right: "1" },
          { left: "data.b", operator: "==", right: "x || y" },
        ],
      },
    ],
  ])("%s is shown and written as it is", (text, rules) => {
    expect(rulesOf(text)).toEqual(rules);
    expect(celOf(rules)).toBe(text);
  });

  it("take text in single quotes, too", () => {
    expect(rulesOf("data.name == 'Ada'")).toEqual(one("data.name", "==", "Ada"));
  });

  it.each([
    "",
    "data.name = 'Ada'",
    "data.a > 1 && data.b > 1 || data.c > 1",
    "(data.a > 1) && data.b > 1",
    "size(data.list) > 1",
    "data.list.exists(x, x > 1)",
    "!data.name.startsWith('A')",
    "data.a + 1 == 2",
  ])("do not show %j, which says more", (text) => {
    expect(rulesOf(text)).toBeNull();
  });

  it.each<[string, Rules]>([
    ["==", one("", "==", "")],
    ["data.total >=", one("data.total", ">=", "")],
    ['== "Ada"', one("", "==", "Ada")],
    ["data.name.contains()", one("data.name", "contains", "")],
    ['!.contains("x")', one("", "notContains", "x")],
    ['default(, "") == ""', one("", "empty", "")],
    [
      "data.paid == true && data.total >",
      {
        join: "&&",
        rows: [
          { left: "data.paid", operator: "==", right: "true" },
          { left: "data.total", operator: ">", right: "" },
        ],
      },
    ],
  ])("%s is not finished: it is kept as it is, and means nothing less", (text, rules) => {
    expect(celOf(rules)).toBe(text);
    expect(rulesOf(text)).toEqual(rules);
    expect(isUnfinished(text)).toBe(true);
  });

  it("say which side of a rule is missing", () => {
    expect(missingOf({ left: " ", operator: "==", right: "" })).toEqual(["left", "right"]);
    expect(missingOf({ left: "data.a", operator: "empty", right: "" })).toEqual([]);
    expect(isUnfinished("true")).toBe(false);
    expect(isUnfinished("data.name.exists(x, x > 1)")).toBe(false);
  });

  it("compare with text or with one expression, not with both at once", () => {
    expect(isMixed("{{ data.name }}")).toBe(false);
    expect(isMixed("Ada")).toBe(false);
    expect(isMixed("Hello {{ data.name }}")).toBe(true);
  });
});
