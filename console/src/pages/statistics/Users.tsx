import { Button, Group, Skeleton, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { modals } from "@mantine/modals";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";
import { csvOf } from "./csv";

type EndUser = components["schemas"]["EndUserView"];

/** The end users with their connections; all of them as CSV. */
export function Users({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const users = useInfiniteQuery({
    queryKey: ["projects", projectId, "users", search],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => readUsers(projectId, search, pageParam, 25),
    getNextPageParam: (page) => page.nextCursor,
  });
  const save = useMutation({ mutationFn: () => download(projectId, search) });
  const rows = users.data?.pages.flatMap((page) => page.items);
  return (
    <Stack component="section" aria-label={t("statistics.connected")}>
      <Group justify="space-between" align="flex-end">
        <Title order={2} size="h4">
          {t("statistics.connected")}
        </Title>
        <Group align="flex-end">
          <TextInput
            type="search"
            label={t("statistics.userSearch")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button
            variant="default"
            loading={save.isPending}
            disabled={!rows?.length}
            onClick={() => save.mutate()}
          >
            {t("statistics.csv")}
          </Button>
        </Group>
      </Group>
      <ErrorAlert error={users.error ?? save.error} />
      {users.isPending && <Skeleton height={160} />}
      {rows?.length === 0 && (
        <EmptyState
          title={search ? t("statistics.usersNone") : t("statistics.usersEmpty")}
          text={search ? t("statistics.usersNoneText") : t("statistics.usersEmptyText")}
        />
      )}
      {rows && rows.length > 0 && (
        <Table.ScrollContainer minWidth={560}>
          <Table verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("statistics.user")}</Table.Th>
                <Table.Th>{t("statistics.connections")}</Table.Th>
                <Table.Th>{t("statistics.since")}</Table.Th>
                <Table.Th aria-label={t("statistics.actions")} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((user) => (
                <UserRow key={user.userId} projectId={projectId} user={user} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <More query={users} />
    </Stack>
  );
}

function UserRow({ projectId, user }: { projectId: string; user: EndUser }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/v1/projects/{projectId}/users/{userId}", {
          params: { path: { projectId, userId: user.userId } },
        }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ["projects", projectId] }),
  });
  const title = t("statistics.userDeleteTitle", { user: user.userId });
  const ask = () =>
    modals.openConfirmModal({
      title,
      children: <Text size="sm">{t("statistics.userDeleteText")}</Text>,
      labels: { confirm: t("statistics.userDelete"), cancel: t("common.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => remove.mutate(),
    });
  return (
    <Table.Tr>
      <Table.Td>{user.userId}</Table.Td>
      <Table.Td>
        <Group gap="xs">
          {user.connections.length === 0 && "–"}
          {user.connections.map((connection) => (
            <StateBadge
              key={connection.appKey}
              state={connection.status}
              label={`${connection.appKey}: ${t(`statistics.connection_${connection.status}`)}`}
            />
          ))}
        </Group>
      </Table.Td>
      <Table.Td>
        <Moment at={user.createdAt} />
      </Table.Td>
      <Table.Td ta="right">
        <Button
          variant="subtle"
          color="red"
          size="compact-sm"
          loading={remove.isPending}
          aria-label={title}
          onClick={ask}
        >
          {t("statistics.userDelete")}
        </Button>
        <ErrorAlert error={remove.error} />
      </Table.Td>
    </Table.Tr>
  );
}

function readUsers(projectId: string, search: string, cursor: string | null, limit: number) {
  return unwrap(
    api.GET("/api/v1/projects/{projectId}/users", {
      params: { path: { projectId }, query: { search, limit, cursor } },
    }),
  );
}

async function download(projectId: string, search: string): Promise<void> {
  // One row a connection, so that a spreadsheet can sort and filter by app.
  const rows = [["userId", "createdAt", "appKey", "status", "updatedAt"]];
  const iso = (at: number) => new Date(at).toISOString();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof readUsers>> = await readUsers(
      projectId,
      search,
      cursor,
      200,
    );
    for (const user of page.items) {
      const known = [user.userId, iso(user.createdAt)];
      if (user.connections.length === 0) rows.push([...known, "", "", ""]);
      for (const { appKey, status, updatedAt } of user.connections) {
        rows.push([...known, appKey, status, iso(updatedAt)]);
      }
    }
    cursor = page.nextCursor ?? null;
  } while (cursor);
  const url = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "connected-users.csv";
  link.click();
  URL.revokeObjectURL(url);
}
