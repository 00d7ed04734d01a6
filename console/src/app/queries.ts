import { hashKey, MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/client";
import { ACCOUNT } from "./account";

const RETRIES = 2;

/** A session that ended is found out anywhere: then the account is asked for, and leads to sign-in. */
function noteSignedOut(error: Error): void {
  if (error instanceof ApiError && error.isSignedOut) {
    void queries.invalidateQueries({ queryKey: ACCOUNT, exact: true });
  }
}

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryHash !== hashKey(ACCOUNT)) noteSignedOut(error);
    },
  }),
  mutationCache: new MutationCache({ onError: noteSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < RETRIES &&
        error instanceof ApiError &&
        (error.status === 0 || error.status > 500),
    },
  },
});
