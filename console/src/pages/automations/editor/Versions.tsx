import { Badge, Button, Group, Modal, Skeleton, Stack, Table, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../../api/client";
import { EmptyState } from "../../../components/EmptyState";
import { ErrorAlert } from "../../../components/ErrorAlert";
import { Json } from "../../../components/Json";
import { Moment } from "../../../components/Moment";
import { More } from "../../../components/More";
import { type Draft, automationKey } from "./useDraft";

interface Props {
  path: { projectId: string; automationId: string };
  draft: Draft;
}

/** What was published, and the way back to it. */
export function Versions({ path, draft }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [shown, setShown] = useState<number | null>(null);
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
  const rollBack = useMutation({
    mutationFn: async (number: number) => {
      if ((await draft.flush()) === null) throw new Error(t("automations.notSaved"));
      return unwrap(
        api.POST(
          "/api/v1/projects/{projectId}/automations/{automationId}/versions/{number}/rollback",
          { params: { path: { ...path, number } } },
        ),
      );
    },
    onSuccess: async (version) => {
      await draft.takeTheirs();
      notifications.show({
        color: "green",
        message: t("automations.publishedNow", { version: version.number }),
      });
      await queries.invalidateQueries({ queryKey: [...automationKey(path), "versions"] });
    },
  });
  const ask = (number: number) =>
    modals.openConfirmModal({
      title: t("automations.rollBackTitle", { version: number }),
      children: <Text size="sm">{t("automations.rollBackText")}</Text>,
      labels: { confirm: t("automations.rollBack"), cancel: t("common.cancel") },
      onConfirm: () => rollBack.mutate(number),
    });
  const rows = versions.data?.pages.flatMap((page) => page.items);
  return (
    <Stack>
      <ErrorAlert error={versions.error ?? rollBack.error} />
      {versions.isPending && <Skeleton height={160} />}
      {rows?.length === 0 && (
        <EmptyState title={t("automations.noVersions")} text={t("automations.noVersionsText")} />
      )}
      {rows && rows.length > 0 && (
        <Table maw={760} verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("automations.version")}</Table.Th>
              <Table.Th>{t("automations.publishedAt")}</Table.Th>
              <Table.Th>{t("automations.actions")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((version) => (
              <Table.Tr key={version.number}>
                <Table.Td>
                  {version.number}{" "}
                  {version.current && (
                    <Badge variant="light" color="green" tt="none">
                      {t("automations.current")}
                    </Badge>
                  )}
                </Table.Td>
                <Table.Td>
                  <Moment at={version.publishedAt} />
                </Table.Td>
                <Table.Td>
                  <Group gap="xs">
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={t("automations.showVersion", { version: version.number })}
                      onClick={() => setShown(version.number)}
                    >
                      {t("automations.show")}
                    </Button>
                    {!version.current && (
                      <Button
                        size="xs"
                        variant="default"
                        loading={rollBack.isPending && rollBack.variables === version.number}
                        aria-label={t("automations.rollBackTo", { version: version.number })}
                        onClick={() => ask(version.number)}
                      >
                        {t("automations.rollBack")}
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <More query={versions} />
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        size="lg"
        title={t("automations.showVersion", { version: shown ?? 0 })}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        {shown !== null && <Version path={{ ...path, number: shown }} />}
      </Modal>
    </Stack>
  );
}

function Version({ path }: { path: Props["path"] & { number: number } }) {
  const { t } = useTranslation();
  const version = useQuery({
    queryKey: [...automationKey(path), "version", path.number],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}/versions/{number}", {
          params: { path },
        }),
      ),
  });
  if (!version.data)
    return version.error ? <ErrorAlert error={version.error} /> : <Skeleton h={200} />;
  return <Json value={version.data.definition} label={t("automations.definition")} />;
}
