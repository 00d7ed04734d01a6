import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/client";
import { stringify } from "../api/json";
import { ACCOUNT } from "./account";
import { isUnreachable, noteReach } from "./reach";

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
      noteReach(error);
      if (query.queryHash !== stringify(ACCOUNT)) noteSignedOut(error);
    },
    onSuccess: () => noteReach(null),
  }),
  mutationCache: new MutationCache({
    onError: (error) => {
      noteReach(error);
      noteSignedOut(error);
    },
    onSuccess: () => noteReach(null),
  }),
  defaultOptions: {
    // Inlay may run on this very machine, which is reached without any network.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      // A key may hold what somebody entered.
      queryKeyHashFn: stringify,
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < RETRIES &&
        (isUnreachable(error) || (error instanceof ApiError && error.status > 500)),
    },
  },
});
