import { Button, Group, Skeleton, Stack, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { More } from "../../components/More";
import { Guide } from "../start/Guide";
import { useGuideState } from "../start/guideState";
import { useProgress } from "../start/progress";
import { AutomationTable } from "./AutomationTable";
import { CreateModal } from "./CreateModal";
import { DeleteDialog } from "./DeleteDialog";
import { RenameDialog } from "./RenameDialog";
import { isTemplate } from "./templates";
import { type Summary, listKey, useDuplicate, useRename } from "./useAutomationChanges";

const PER_PAGE = 20;
/** Runs come by themselves: how soon the list tells of them. */
const LOOK_MS = 10_000;

/** A project's automations. Nothing is run from here. */
export default function Automations() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const [asked, ask] = useSearchParams();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const [renaming, setRenaming] = useState<Summary | null>(null);
  const [deleting, setDeleting] = useState<Summary | null>(null);
  const rename = useRename(projectId);
  const duplicate = useDuplicate(projectId);
  const automations = useInfiniteQuery({
    queryKey: [...listKey(projectId), { search }],
    initialPageParam: null as string | null,
    refetchInterval: LOOK_MS,
    staleTime: 0,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { search, limit: PER_PAGE, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  // The guide and the list come together: whether there is a guide decides where the list stands.
  const [guide] = useGuideState(projectId);
  const progress = useProgress(projectId, guide !== "closed");
  const isArriving = progress.isLoading || (automations.isPending && search === "");
  const rows = isArriving ? undefined : automations.data?.pages.flatMap((page) => page.items);
  // In the address, so that other pages can lead to it, with a template chosen.
  const fresh = asked.get("new");
  const setFresh = (template: string | null) =>
    ask(template === null ? {} : { new: template }, { replace: true });
  const create = <Button onClick={() => setFresh("greet")}>{t("automations.create")}</Button>;
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1}>{t("automations.title")}</Title>
        {create}
      </Group>
      {!isArriving && <Guide projectId={projectId} />}
      {!isArriving && (search !== "" || rows?.length !== 0) && (
        <TextInput
          type="search"
          maw={360}
          label={t("automations.search")}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <ErrorAlert error={automations.error ?? rename.error ?? duplicate.error} />
      {(isArriving || automations.isPending) && <Skeleton height={240} />}
      {rows?.length === 0 && (
        <EmptyState
          title={search ? t("automations.noneFound") : t("automations.empty")}
          text={search ? t("automations.noneFoundText") : t("automations.emptyText")}
          action={search ? undefined : create}
        />
      )}
      {rows && rows.length > 0 && (
        <AutomationTable
          projectId={projectId}
          automations={rows}
          onRename={setRenaming}
          onDelete={setDeleting}
          onDuplicate={(automation) =>
            duplicate.mutate(automation, {
              onSuccess: ({ name }) =>
                notifications.show({ message: t("automations.duplicated", { name }) }),
            })
          }
        />
      )}
      {rows && <More query={automations} />}
      <CreateModal
        projectId={projectId}
        isOpen={fresh !== null}
        template={isTemplate(fresh) ? fresh : "greet"}
        onClose={() => setFresh(null)}
      />
      <RenameDialog
        automation={renaming}
        onClose={() => setRenaming(null)}
        onRename={(name) => {
          if (renaming) rename.mutate({ id: renaming.id, name });
          setRenaming(null);
        }}
      />
      <DeleteDialog projectId={projectId} automation={deleting} onClose={() => setDeleting(null)} />
    </Stack>
  );
}
