import { Button, Checkbox, Group, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FilterBar } from "../../components/FilterBar";
import { FilterSelect } from "../../components/FilterSelect";
import { FilterText } from "../../components/FilterText";
import { Listing } from "../../components/Listing";
import { useAutomationNames } from "../../components/useAutomationNames";
import { type Filters, useFilters } from "../../components/useFilters";
import { RunTable } from "./RunTable";
import { type Period, PERIODS, type Status, useRuns } from "./useRuns";

const FILTERS = ["search", "status", "automation", "user", "own", "period"];
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
      <RunFilters projectId={projectId} filters={filters} isOwn={isOwn} isFiltered={isFiltered} />
      <Listing
        query={query}
        count={runs?.length}
        height={520}
        empty={{
          title: isFiltered ? t("runs.none") : t("runs.empty"),
          text: isFiltered ? t("runs.noneText") : t("runs.emptyText"),
        }}
      >
        <RunTable projectId={projectId} runs={runs ?? []} />
      </Listing>
    </Stack>
  );
}

interface BarProps {
  projectId: string;
  filters: Filters;
  isOwn: boolean;
  isFiltered: boolean;
}

function RunFilters({ projectId, filters, isOwn, isFiltered }: BarProps) {
  const { t } = useTranslation();
  const automations = useAutomationNames(projectId);
  return (
    <>
      <FilterBar
        filters={filters}
        label={t("runs.filters")}
        clear={isFiltered ? { names: FILTERS, label: t("runs.clear") } : null}
      >
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
      </FilterBar>
      <ErrorAlert error={automations.error} />
    </>
  );
}
