import { ApiError } from "../api/client";
import { worded } from "../app/wording";

/** What the API says of single fields, by path. */
export function faultsOf(error: Error | null): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(error.faults.map((fault) => [fault.path, worded(fault)]));
}
