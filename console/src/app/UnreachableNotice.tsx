import { Alert } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import { useIsUnreachable } from "./reach";

const PAUSE_MS = 3_000;

/** Says that the server is not there, and goes on by itself when it is again. */
export function UnreachableNotice() {
  return useIsUnreachable() ? <Notice /> : null;
}

function Notice() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  useQuery({
    queryKey: ["reach"],
    retry: false,
    gcTime: 0,
    refetchInterval: PAUSE_MS,
    queryFn: async () => (await unwrap(api.GET("/api/v1/account"))).id,
  });
  useEffect(
    () => () => {
      // Reached again: what failed meanwhile is asked for once more.
      const predicate = (query: { state: { status: string } }) => query.state.status === "error";
      void queries.refetchQueries({ type: "active", predicate });
    },
    [queries],
  );
  return (
    <Alert
      role="status"
      color="orange"
      mb="md"
      title={t("shell.unreachable")}
      icon={<IconCloudOff aria-hidden />}
    >
      {t("shell.unreachableText")}
    </Alert>
  );
}
