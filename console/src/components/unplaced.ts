import { faultsOf } from "./faults";

/** The error, unless each of its faults stands at one of the form's fields. */
export function unplaced(error: Error | null, fields: object): Error | null {
  const paths = Object.keys(faultsOf(error));
  return paths.length > 0 && paths.every((path) => path in fields) ? null : error;
}
