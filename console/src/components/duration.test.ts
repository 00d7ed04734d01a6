import { expect, test } from "vitest";
import { duration } from "./duration";

test.each([
  [840, "840 ms"],
  [3210, "3.2 sec"],
  [60_000, "1 min"],
  [303_000, "5 min 3 sec"],
  [3_600_000, "1 hr"],
  [187_200_000, "2 days 4 hr"],
])("%i ms is %s", (ms, said) => {
  expect(duration(ms, "en-US")).toBe(said);
});

test("it is said in the language of the page", () => {
  expect(duration(3210, "tr")).toBe("3,2 sn.");
});
