import {
  Box,
  Button,
  Group,
  Paper,
  Select,
  Skeleton,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { notifications as toasts } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Json } from "../../components/Json";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";

type Notification = components["schemas"]["NotificationView"];
type Status = Notification["status"];

const STATUSES: Status[] = ["pending", "delivered", "failed"];

/** What the endpoint was told, the newest first; each can be sent again. */
export function Notifications({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [status, setStatus] = useState<Status | null>(null);
  const key = ["projects", projectId, "notifications"];
  const list = useInfiniteQuery({
    queryKey: [...key, status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/notifications", {
          params: { path: { projectId }, query: { status, limit: 20, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
    // A test arrives within seconds.
    refetchInterval: (query) =>
      query.state.data?.pages[0]?.items.some((one) => one.status === "pending") ? 2000 : 15_000,
  });
  const test = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/webhook/test", { params: { path: { projectId } } }),
      ),
    onSuccess: () => {
      toasts.show({ message: t("settings.testSent") });
      return queries.invalidateQueries({ queryKey: key });
    },
  });
  const rows = list.data?.pages.flatMap((page) => page.items);
  return (
    <Stack component="section" aria-label={t("settings.notifications")}>
      <Group justify="space-between" align="flex-end">
        <Title order={2} size="h4">
          {t("settings.notifications")}
        </Title>
        <Group align="flex-end">
          <Select
            label={t("settings.status")}
            clearable
            clearButtonProps={{ "aria-label": t("settings.filterClear") }}
            placeholder={t("settings.all")}
            value={status}
            onChange={(value) => setStatus(value as Status | null)}
            data={STATUSES.map((value) => ({ value, label: t(`settings.notification_${value}`) }))}
          />
          <Button loading={test.isPending} onClick={() => test.mutate()}>
            {t("settings.testSend")}
          </Button>
        </Group>
      </Group>
      <ErrorAlert error={list.error ?? test.error} />
      {list.isPending && <Skeleton height={160} />}
      {rows?.length === 0 && (
        <EmptyState
          title={t("settings.notificationsEmpty")}
          text={t("settings.notificationsEmptyText")}
        />
      )}
      {rows && rows.length > 0 && (
        <Paper withBorder>
          <Table verticalSpacing="sm" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("settings.type")}</Table.Th>
                <Table.Th visibleFrom="sm">{t("settings.status")}</Table.Th>
                <Table.Th visibleFrom="sm">{t("settings.created")}</Table.Th>
                <Table.Th visibleFrom="md">{t("settings.answer")}</Table.Th>
                <Table.Th aria-label={t("settings.actions")} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((one) => (
                <NotificationRow key={one.id} projectId={projectId} notification={one} />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      <More query={list} />
    </Stack>
  );
}

function NotificationRow(props: { projectId: string; notification: Notification }) {
  const { projectId, notification } = props;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [opened, setOpened] = useState(false);
  const replay = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/notifications/{notificationId}/replay", {
          params: { path: { projectId, notificationId: notification.id } },
        }),
      ),
    onSuccess: () => toasts.show({ message: t("settings.replayed") }),
    onSettled: () =>
      queries.invalidateQueries({ queryKey: ["projects", projectId, "notifications"] }),
  });
  const state = (
    <StateBadge
      state={notification.status}
      label={t(`settings.notification_${notification.status}`)}
    />
  );
  return (
    <Fragment>
      <Table.Tr>
        <Table.Td>
          <Text size="sm" ff="monospace">
            {notification.type}
          </Text>
          <Text size="xs" c="dimmed" hiddenFrom="sm">
            <Moment at={notification.createdAt} />
          </Text>
          <Box hiddenFrom="sm">{state}</Box>
        </Table.Td>
        <Table.Td visibleFrom="sm">
          {state}
          {notification.nextAttemptAt && notification.attempts > 0 && (
            <Text size="xs" c="dimmed">
              {t("settings.nextAttempt")} <Moment at={notification.nextAttemptAt} seconds />
            </Text>
          )}
        </Table.Td>
        <Table.Td visibleFrom="sm">
          <Moment at={notification.createdAt} />
        </Table.Td>
        <Table.Td visibleFrom="md" maw={280}>
          {answerOf(notification)}
          {notification.attempts > 0 && (
            <Text size="xs" c="dimmed">
              {t("settings.attempts", { count: notification.attempts })}
            </Text>
          )}
        </Table.Td>
        <Table.Td>
          <Group gap={4} justify="flex-end">
            <Button
              variant="subtle"
              size="compact-sm"
              aria-expanded={opened}
              onClick={() => setOpened(!opened)}
            >
              {opened ? t("settings.hide") : t("settings.details")}
            </Button>
            {notification.status !== "pending" && (
              <Button
                variant="subtle"
                size="compact-sm"
                loading={replay.isPending}
                onClick={() => replay.mutate()}
              >
                {t("settings.replay")}
              </Button>
            )}
          </Group>
          <ErrorAlert error={replay.error} />
        </Table.Td>
      </Table.Tr>
      {opened && (
        <Table.Tr>
          <Table.Td colSpan={5}>
            <Stack gap="xs">
              <Text size="sm">
                webhook-id: <code>{notification.webhookId}</code> ·{" "}
                {t("settings.attempts", { count: notification.attempts })} ·{" "}
                {answerOf(notification)}
              </Text>
              {notification.deliveredAt && (
                <Text size="sm">
                  {t("settings.notification_delivered")}:{" "}
                  <Moment at={notification.deliveredAt} seconds />
                </Text>
              )}
              <Json value={notification.body} label={t("settings.body")} />
            </Stack>
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
}

function answerOf({ lastStatus, lastError }: Notification): string {
  return lastError ?? (lastStatus ? `HTTP ${lastStatus}` : "–");
}
