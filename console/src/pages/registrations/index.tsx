import {
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
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";
import { Registration } from "./Registration";

type Row = components["schemas"]["RegistrationView"];
type State = Row["state"];

const STATES: State[] = ["starting", "active", "paused", "needs-connection", "failing", "ending"];

/** The end users' subscriptions to triggers. */
export default function Registrations() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const [filters, setFilters] = useSearchParams();
  const [typed, setTyped] = useState(filters.get("user") ?? "");
  const [userId] = useDebouncedValue(typed.trim(), 250);
  const state = STATES.find((one) => one === filters.get("state")) ?? null;
  const automationId = filters.get("automation");
  const chosen = filters.get("registration");
  const choose = (name: string, value: string | null) =>
    setFilters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  const list = useInfiniteQuery({
    queryKey: ["projects", projectId, "registrations", { state, userId, automationId }],
    initialPageParam: null as string | null,
    refetchInterval: 10_000,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/registrations", {
          params: {
            path: { projectId },
            query: {
              state,
              userId: userId || null,
              automationId,
              limit: 25,
              cursor: pageParam,
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = list.data?.pages.flatMap((page) => page.items);
  const isFiltered = Boolean(state || userId || automationId);
  return (
    <Stack>
      <Title order={1}>{t("registrations.title")}</Title>
      <Group align="flex-end">
        <Select
          label={t("registrations.state")}
          placeholder={t("registrations.all")}
          clearable
          clearButtonProps={{ "aria-label": t("registrations.filterClear") }}
          value={state}
          onChange={(value) => choose("state", value)}
          data={STATES.map((value) => ({ value, label: t(`registrations.state_${value}`) }))}
        />
        <TextInput
          label={t("registrations.user")}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            choose("user", event.currentTarget.value.trim());
          }}
        />
        {automationId && (
          <Button variant="subtle" onClick={() => choose("automation", null)}>
            {t("registrations.allAutomations")}
          </Button>
        )}
      </Group>
      <ErrorAlert error={list.error} />
      {list.isPending && <Skeleton height={300} />}
      {rows?.length === 0 && (
        <EmptyState
          title={isFiltered ? t("registrations.none") : t("registrations.empty")}
          text={isFiltered ? t("registrations.noneText") : t("registrations.emptyText")}
        />
      )}
      {rows && rows.length > 0 && (
        <RegistrationTable rows={rows} onOpen={(id) => choose("registration", id)} />
      )}
      <More query={list} />
      {chosen && (
        <Registration
          projectId={projectId}
          registrationId={chosen}
          onClose={() => choose("registration", null)}
        />
      )}
    </Stack>
  );
}

function RegistrationTable({ rows, onOpen }: { rows: Row[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("registrations.automation")}</Table.Th>
            <Table.Th>{t("registrations.user")}</Table.Th>
            <Table.Th>{t("registrations.state")}</Table.Th>
            <Table.Th>{t("registrations.events")}</Table.Th>
            <Table.Th>{t("registrations.lastEvent")}</Table.Th>
            <Table.Th aria-label={t("registrations.actions")} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => {
            const name = row.automationName ?? t("registrations.deletedAutomation");
            const user = row.userId || t("registrations.developer");
            return (
              <Table.Tr key={row.id}>
                <Table.Td>
                  {name}
                  <Text size="xs" c="dimmed">
                    {row.trigger}
                  </Text>
                </Table.Td>
                <Table.Td>{user}</Table.Td>
                <Table.Td maw={320}>
                  <StateBadge state={row.state} label={t(`registrations.state_${row.state}`)} />
                  {row.message && (
                    <Text size="xs" mt={4} lineClamp={2}>
                      {row.message}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  {row.events}
                  {row.rejected > 0 && ` (${t("registrations.rejected", { count: row.rejected })})`}
                </Table.Td>
                <Table.Td>{row.lastEventAt ? <Moment at={row.lastEventAt} /> : "–"}</Table.Td>
                <Table.Td ta="right">
                  <Button
                    variant="default"
                    size="compact-sm"
                    onClick={() => onOpen(row.id)}
                    aria-label={t("registrations.openOf", { name, user })}
                  >
                    {t("registrations.open")}
                  </Button>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
