import { Button, Group, Stack, Table, Title } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FilterBar } from "../../components/FilterBar";
import { FilterSelect } from "../../components/FilterSelect";
import { FilterText } from "../../components/FilterText";
import { Listing } from "../../components/Listing";
import { ListTable } from "../../components/ListTable";
import { Moment } from "../../components/Moment";
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
      <FilterBar filters={filters} label={t("statistics.userFilters")} clear={null}>
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
      </FilterBar>
      <ErrorAlert error={integrations.error} />
      <Listing
        query={users}
        count={rows?.length}
        height={260}
        empty={{
          title: isFiltered ? t("statistics.usersNone") : t("statistics.usersEmpty"),
          text: isFiltered ? t("statistics.usersNoneText") : t("statistics.usersEmptyText"),
        }}
      >
        <UserTable
          users={rows ?? []}
          names={names}
          onOpen={(userId) => filters.choose({ user: userId })}
        />
      </Listing>
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
    <ListTable
      head={
        <>
          <Table.Th>{t("statistics.user")}</Table.Th>
          <Table.Th>{t("statistics.connections")}</Table.Th>
          <Table.Th visibleFrom="sm">{t("statistics.since")}</Table.Th>
          <Table.Th aria-label={t("statistics.actions")} />
        </>
      }
    >
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
    </ListTable>
  );
}
