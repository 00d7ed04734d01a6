import { Skeleton, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../../../api/client";
import type { components } from "../../../../api/schema";
import { EmptyState } from "../../../../components/EmptyState";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import { More } from "../../../../components/More";
import type { Definition } from "../draft/model";
import { automationKey } from "../../automationKey";
import type { Draft } from "../draft/useDraft";
import { Compare, DRAFT, type Pair } from "./Compare";
import { RollBack } from "./RollBack";
import { VersionTable } from "./VersionTable";

interface Props {
  path: { projectId: string; automationId: string };
  automation: components["schemas"]["AutomationView"];
  draft: Draft;
}

/** What was published, how it differs, and the ways back to it. */
export function Versions({ path, automation, draft }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [pair, setPair] = useState<Pair | null>(null);
  const [rollingBack, setRollingBack] = useState<number | null>(null);
  const versions = useInfiniteQuery({
    queryKey: [...automationKey(path), "versions"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}/versions", {
          params: { path, query: { limit: 25, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const restore = useMutation({
    mutationFn: (number: number) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}/versions/{number}", {
          params: { path: { ...path, number } },
        }),
      ),
    onSuccess: ({ number, definition }) => {
      draft.edit(() => definition as unknown as Definition);
      notifications.show({
        color: "green",
        message: t("versions.restored", { version: number }),
      });
    },
  });
  const rows = versions.data?.pages.flatMap((page) => page.items);
  const current = automation.publishedVersion ?? rows?.[0]?.number ?? DRAFT;
  return (
    <Stack gap="lg">
      <ErrorAlert error={versions.error ?? restore.error} />
      {versions.isPending && <Skeleton height={240} />}
      {rows?.length === 0 && (
        <EmptyState title={t("automations.noVersions")} text={t("automations.noVersionsText")} />
      )}
      {rows && rows.length > 0 && (
        <>
          <VersionTable
            versions={rows}
            busy={restore.isPending ? restore.variables : null}
            onCompare={(number) => setPair({ before: number, after: DRAFT })}
            onRestore={(number) => restore.mutate(number)}
            onRollBack={setRollingBack}
          />
          <More query={versions} />
          <Compare
            path={path}
            draft={draft}
            numbers={rows.map(({ number }) => number)}
            pair={pair ?? { before: current, after: DRAFT }}
            onChange={setPair}
          />
        </>
      )}
      <RollBack
        path={path}
        automation={automation}
        draft={draft}
        number={rollingBack}
        onClose={() => setRollingBack(null)}
        onDone={() => {
          setRollingBack(null);
          return queries.invalidateQueries({ queryKey: [...automationKey(path), "versions"] });
        }}
      />
    </Stack>
  );
}
