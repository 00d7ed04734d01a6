/** `1.2` of the indexes `0.1`: people count from one, wherever they read of an iteration. */
export function numbered(iteration: string): string {
  return iteration
    .split(".")
    .map((index) => (/^\d+$/.test(index) ? Number(index) + 1 : index))
    .join(".");
}
