import {
  Anchor,
  Button,
  Group,
  Select,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";

type Run = components["schemas"]["RunView"];
type Status = Run["status"];

const STATUSES: Status[] = ["running", "paused", "completed", "error", "canceled"];

/** All executions of a project; the filters are in the address, so that a view can be shared. */
export default function Runs() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const [filters, setFilters] = useSearchParams();
  const [typed, setTyped] = useState(filters.get("search") ?? "");
  const [user, setUser] = useState(filters.get("user") ?? "");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const [userId] = useDebouncedValue(user.trim(), 250);
  const status = STATUSES.find((one) => one === filters.get("status")) ?? null;
  const automationId = filters.get("automation");
  const choose = (name: string, value: string | null) =>
    setFilters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  const automations = useQuery({
    queryKey: ["projects", projectId, "automation-names"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { limit: 200 } },
        }),
      ),
  });
  const runs = useInfiniteQuery({
    queryKey: ["projects", projectId, "runs", { search, status, automationId, userId }],
    initialPageParam: null as string | null,
    refetchInterval: 5000,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs", {
          params: {
            path: { projectId },
            query: {
              search,
              status,
              automationId,
              userId: userId || null,
              limit: 25,
              cursor: pageParam,
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = runs.data?.pages.flatMap((page) => page.items);
  const isFiltered = Boolean(search || status || automationId || userId);
  const clear = () => {
    setTyped("");
    setUser("");
    setFilters({}, { replace: true });
  };
  return (
    <Stack>
      <Title order={1}>{t("runs.title")}</Title>
      <Group align="flex-end">
        <TextInput
          type="search"
          label={t("runs.search")}
          placeholder={t("runs.searchHint")}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            choose("search", event.currentTarget.value.trim());
          }}
        />
        <Select
          label={t("runs.status")}
          placeholder={t("runs.all")}
          clearable
          clearButtonProps={{ "aria-label": t("runs.filterClear") }}
          value={status}
          onChange={(value) => choose("status", value)}
          data={STATUSES.map((value) => ({ value, label: t(`runs.status_${value}`) }))}
        />
        <Select
          label={t("runs.automation")}
          placeholder={t("runs.all")}
          clearable
          searchable
          clearButtonProps={{ "aria-label": t("runs.filterClear") }}
          value={automationId}
          onChange={(value) => choose("automation", value)}
          data={automations.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        />
        <TextInput
          label={t("runs.user")}
          value={user}
          onChange={(event) => {
            setUser(event.currentTarget.value);
            choose("user", event.currentTarget.value.trim());
          }}
        />
        {isFiltered && (
          <Button variant="subtle" onClick={clear}>
            {t("runs.clear")}
          </Button>
        )}
      </Group>
      <ErrorAlert error={runs.error ?? automations.error} />
      {runs.isPending && <Skeleton height={300} />}
      {rows?.length === 0 && (
        <EmptyState
          title={isFiltered ? t("runs.none") : t("runs.empty")}
          text={isFiltered ? t("runs.noneText") : t("runs.emptyText")}
        />
      )}
      {rows && rows.length > 0 && <RunTable projectId={projectId} runs={rows} />}
      <More query={runs} />
    </Stack>
  );
}

function RunTable({ projectId, runs }: { projectId: string; runs: Run[] }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("runs.automation")}</Table.Th>
            <Table.Th>{t("runs.status")}</Table.Th>
            <Table.Th>{t("runs.user")}</Table.Th>
            <Table.Th>{t("runs.trigger")}</Table.Th>
            <Table.Th>{t("runs.started")}</Table.Th>
            <Table.Th>{t("runs.message")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td>
                <Anchor
                  component={Link}
                  underline="always"
                  to={`/projects/${projectId}/runs/${encodeURIComponent(run.id)}`}
                >
                  {run.automationName ?? t("runs.deletedAutomation")}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {run.version ? t("runs.version", { version: run.version }) : t("runs.draft")}
                </Text>
              </Table.Td>
              <Table.Td>
                <StateBadge state={run.status} label={t(`runs.status_${run.status}`)} />
              </Table.Td>
              <Table.Td>{run.userId || t("runs.developer")}</Table.Td>
              <Table.Td>{run.trigger}</Table.Td>
              <Table.Td>
                <Moment at={run.startedAt} />
              </Table.Td>
              <Table.Td maw={280}>
                <Text size="sm" lineClamp={2}>
                  {run.message}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
