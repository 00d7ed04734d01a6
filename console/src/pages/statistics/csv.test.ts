import { expect, test } from "vitest";
import { csvOf } from "./csv";

test("cells with commas, quotes and line breaks are quoted", () => {
  expect(
    csvOf([
      ["user", "apps"],
      ['Ada "A"', "one,two"],
      ["a\nb", ""],
    ]),
  ).toBe('\uFEFFuser,apps\r\n"Ada ""A""","one,two"\r\n"a\nb",\r\n');
});

test("what a spreadsheet would calculate stays text", () => {
  expect(csvOf([["=1+1", "+1", "-1", "@a", "a=1"]])).toBe("\uFEFF'=1+1,'+1,'-1,'@a,a=1\r\n");
});
