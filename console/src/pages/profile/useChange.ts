import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ACCOUNT, type Account } from "../../app/account";

type Changes = components["schemas"]["AccountBody"];

/** Changes the account; shown at once, and taken back when the API refuses. */
export function useChange() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Changes) => unwrap(api.PATCH("/api/v1/account", { body })),
    onMutate: async (changes) => {
      await queries.cancelQueries({ queryKey: ACCOUNT, exact: true });
      const before = queries.getQueryData<Account>(ACCOUNT);
      queries.setQueryData<Account>(ACCOUNT, before && ({ ...before, ...changes } as Account));
      return before;
    },
    onError: (_error, _changes, before) => queries.setQueryData(ACCOUNT, before),
    onSuccess: (account) => queries.setQueryData(ACCOUNT, account),
  });
}
