import { ApiError } from "../api/client";

/** What the API says of single fields, by path. */
export function faultsOf(error: Error | null): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(error.faults.map(({ path, message }) => [path, message]));
}
