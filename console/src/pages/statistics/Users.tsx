import { Box, Button, Group, Paper, Skeleton, Stack, Table, Title } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FilterSelect } from "../../components/FilterSelect";
import { FilterText } from "../../components/FilterText";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";
import { useFilters } from "../../components/useFilters";
import { User } from "./User";

type EndUser = components["schemas"]["EndUserView"];

const STATUSES = ["connected", "invalid"] as const;

/** The end users with their connections; those that are found also as CSV. */
export function Users({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const filters = useFilters();
  const search = filters.get("search") ?? "";
  const appKey = filters.get("app");
  const status = STATUSES.find((one) => one === filters.get("connection")) ?? null;
  const opened = filters.get("user");
  const users = useInfiniteQuery({
    queryKey: ["projects", projectId, "users", { search, appKey, status }],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/users", {
          params: {
            path: { projectId },
            query: { search, appKey, status, limit: 25, cursor: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const integrations = useQuery({
    queryKey: ["projects", projectId, "integrations"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/integrations", { params: { path: { projectId } } }),
      ),
  });
  const names = new Map(integrations.data?.items.map((one) => [one.appKey, one.appName]));
  const rows = users.data?.pages.flatMap((page) => page.items);
  const isFiltered = Boolean(search || appKey || status);
  const wanted = new URLSearchParams();
  if (search) wanted.set("search", search);
  if (appKey) wanted.set("appKey", appKey);
  if (status) wanted.set("status", status);
  return (
    <Stack component="section" aria-label={t("statistics.connected")}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t("statistics.connected")}
        </Title>
        <Button
          component="a"
          variant="default"
          href={`/api/v1/projects/${projectId}/users.csv?${wanted.toString()}`}
          download
        >
          {t("statistics.csv")}
        </Button>
      </Group>
      <Group align="flex-end" role="search" aria-label={t("statistics.userFilters")}>
        <FilterText filters={filters} name="search" label={t("statistics.userSearch")} />
        <FilterSelect
          filters={filters}
          name="app"
          label={t("statistics.app")}
          searchable
          data={[...names].map(([value, label]) => ({ value, label }))}
        />
        <FilterSelect
          filters={filters}
          name="connection"
          label={t("statistics.connection")}
          data={STATUSES.map((value) => ({ value, label: t(`statistics.connection_${value}`) }))}
        />
      </Group>
      <ErrorAlert error={users.error ?? integrations.error} />
      {users.isPending && <Skeleton height={260} />}
      {rows?.length === 0 && (
        <EmptyState
          title={isFiltered ? t("statistics.usersNone") : t("statistics.usersEmpty")}
          text={isFiltered ? t("statistics.usersNoneText") : t("statistics.usersEmptyText")}
        />
      )}
      {rows && rows.length > 0 && (
        <Box opacity={users.isPlaceholderData ? 0.6 : 1}>
          <UserTable
            users={rows}
            names={names}
            onOpen={(userId) => filters.choose({ user: userId })}
          />
        </Box>
      )}
      <More query={users} />
      {opened && (
        <User
          key={opened}
          projectId={projectId}
          userId={opened}
          names={names}
          onClose={() => filters.choose({ user: null })}
        />
      )}
    </Stack>
  );
}

interface TableProps {
  users: EndUser[];
  /** Names of apps by key. */
  names: Map<string, string>;
  onOpen: (userId: string) => void;
}

function UserTable({ users, names, onOpen }: TableProps) {
  const { t } = useTranslation();
  return (
    <Paper withBorder>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("statistics.user")}</Table.Th>
            <Table.Th>{t("statistics.connections")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("statistics.since")}</Table.Th>
            <Table.Th aria-label={t("statistics.actions")} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {users.map(({ userId, createdAt, connections }) => (
            <Table.Tr key={userId}>
              <Table.Td>{userId}</Table.Td>
              <Table.Td>
                <Group gap="xs">
                  {connections.length === 0 && "–"}
                  {connections.map(({ appKey, status }) => (
                    <StateBadge
                      key={appKey}
                      state={status}
                      label={`${names.get(appKey) ?? appKey}: ${t(`statistics.connection_${status}`)}`}
                    />
                  ))}
                </Group>
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <Moment at={createdAt} />
              </Table.Td>
              <Table.Td ta="right">
                <Button
                  variant="default"
                  size="compact-sm"
                  aria-label={t("statistics.openUser", { user: userId })}
                  onClick={() => onOpen(userId)}
                >
                  {t("statistics.open")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
