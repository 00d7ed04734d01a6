import { Box, Button, Checkbox, Group, Select, Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FilterText } from "../../components/FilterText";
import { More } from "../../components/More";
import { type Filters, useFilters } from "../../components/useFilters";
import { RunTable } from "./RunTable";
import { type Period, PERIODS, type Status, useRuns } from "./useRuns";

const STATUSES: Status[] = ["running", "paused", "completed", "error", "canceled"];

/** All executions of a project. */
export default function Runs() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const filters = useFilters();
  const status = STATUSES.find((one) => one === filters.get("status")) ?? null;
  const period = (Object.keys(PERIODS) as Period[]).find((one) => one === filters.get("period"));
  const isOwn = filters.get("own") !== null;
  const found = {
    search: filters.get("search") ?? "",
    status,
    automationId: filters.get("automation"),
    userId: isOwn ? "" : filters.get("user"),
    period: period ?? null,
  };
  const { query, runs, held, showHeld } = useRuns(projectId, found);
  const isFiltered =
    isOwn || [found.search, status, found.automationId, found.userId, period].some(Boolean);
  return (
    <Stack>
      <Group justify="space-between" mih={36}>
        <Title order={1}>{t("runs.title")}</Title>
        <div role="status">
          {held > 0 && (
            <Button variant="light" onClick={showHeld}>
              {t("runs.held", { count: held })}
            </Button>
          )}
        </div>
      </Group>
      <FilterBar projectId={projectId} filters={filters} isOwn={isOwn} isFiltered={isFiltered} />
      <ErrorAlert error={query.error} />
      {query.isPending && <Skeleton height={520} />}
      {runs?.length === 0 && (
        <EmptyState
          title={isFiltered ? t("runs.none") : t("runs.empty")}
          text={isFiltered ? t("runs.noneText") : t("runs.emptyText")}
        />
      )}
      {runs && runs.length > 0 && (
        <Box opacity={query.isPlaceholderData ? 0.6 : 1}>
          <RunTable projectId={projectId} runs={runs} />
        </Box>
      )}
      <More query={query} />
    </Stack>
  );
}

interface BarProps {
  projectId: string;
  filters: Filters;
  isOwn: boolean;
  isFiltered: boolean;
}

function FilterBar({ projectId, filters, isOwn, isFiltered }: BarProps) {
  const { t } = useTranslation();
  const clear = () =>
    filters.choose({
      search: null,
      status: null,
      automation: null,
      user: null,
      own: null,
      period: null,
    });
  const automations = useQuery({
    queryKey: ["projects", projectId, "automation-names"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { limit: 200 } },
        }),
      ),
  });
  const choice = (name: string, label: string, data: { value: string; label: string }[]) => (
    <Select
      label={label}
      placeholder={t("runs.all")}
      clearable
      searchable={name === "automation"}
      clearButtonProps={{ "aria-label": t("runs.filterClear") }}
      value={filters.get(name)}
      onChange={(value) => filters.choose({ [name]: value })}
      data={data}
      w={{ base: "calc(50% - 8px)", xs: 150 }}
    />
  );
  return (
    <>
      <Group align="flex-end" role="search" aria-label={t("runs.filters")}>
        <FilterText
          filters={filters}
          name="search"
          label={t("runs.search")}
          placeholder={t("runs.searchHint")}
        />
        {choice(
          "status",
          t("runs.status"),
          STATUSES.map((value) => ({ value, label: t(`runs.status_${value}`) })),
        )}
        {choice(
          "automation",
          t("runs.automation"),
          automations.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? [],
        )}
        {choice(
          "period",
          t("runs.started"),
          Object.keys(PERIODS).map((value) => ({ value, label: t(`runs.period_${value}`) })),
        )}
        {!isOwn && <FilterText filters={filters} name="user" label={t("runs.user")} />}
        <Checkbox
          mb={8}
          label={t("runs.own")}
          checked={isOwn}
          onChange={(event) =>
            filters.choose({ own: event.currentTarget.checked ? "1" : null, user: null })
          }
        />
        {isFiltered && (
          <Button variant="subtle" onClick={clear}>
            {t("runs.clear")}
          </Button>
        )}
      </Group>
      <ErrorAlert error={automations.error} />
    </>
  );
}
