import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { ACCOUNT } from "./account";

/** Turns developer mode on, with which projects appear. */
export function useDeveloperMode() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.PATCH("/api/v1/account", { body: { developerMode: true } })),
    onSuccess: (account) => {
      queries.setQueryData(ACCOUNT, account);
      void queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
}
