import { expect, test } from "vitest";
import { ticks } from "./scale";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [7, [0, 2, 4, 6, 8]],
  [100, [0, 50, 100]],
  [1234, [0, 500, 1000, 1500]],
])("%i runs are drawn up to a round number", (most, lines) => {
  expect(ticks(most)).toEqual(lines);
});
