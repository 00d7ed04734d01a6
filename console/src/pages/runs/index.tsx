import { Box, Button, Checkbox, Group, Skeleton, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FilterSelect } from "../../components/FilterSelect";
import { FilterText } from "../../components/FilterText";
import { More } from "../../components/More";
import { useAutomationNames } from "../../components/useAutomationNames";
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
  const automations = useAutomationNames(projectId);
  return (
    <>
      <Group align="flex-end" role="search" aria-label={t("runs.filters")}>
        <FilterText
          filters={filters}
          name="search"
          label={t("runs.search")}
          placeholder={t("runs.searchHint")}
        />
        <FilterSelect
          filters={filters}
          name="status"
          label={t("runs.status")}
          data={STATUSES.map((value) => ({ value, label: t(`runs.status_${value}`) }))}
        />
        <FilterSelect
          filters={filters}
          name="automation"
          label={t("runs.automation")}
          searchable
          data={automations.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        />
        <FilterSelect
          filters={filters}
          name="period"
          label={t("runs.started")}
          data={Object.keys(PERIODS).map((value) => ({
            value,
            label: t(`runs.period_${value}`),
          }))}
        />
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
