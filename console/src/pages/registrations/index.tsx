import { Checkbox, Stack, Title } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FilterBar } from "../../components/FilterBar";
import { FilterSelect } from "../../components/FilterSelect";
import { FilterText } from "../../components/FilterText";
import { Listing } from "../../components/Listing";
import { useAutomationNames } from "../../components/useAutomationNames";
import { type Filters, useFilters } from "../../components/useFilters";
import { Registration } from "./Registration";
import { RegistrationTable, type Row } from "./RegistrationTable";

const FILTERS = ["state", "automation", "user", "search", "own"];
const STATES: Row["state"][] = [
  "starting",
  "active",
  "paused",
  "needs-connection",
  "failing",
  "ending",
];

/** The end users' subscriptions to triggers. */
export default function Registrations() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const filters = useFilters();
  const state = STATES.find((one) => one === filters.get("state")) ?? null;
  const isOwn = filters.get("own") !== null;
  const userId = isOwn ? "" : filters.get("user");
  const search = filters.get("search") ?? "";
  const automationId = filters.get("automation");
  const chosen = filters.get("registration");
  const list = useInfiniteQuery({
    queryKey: ["projects", projectId, "registrations", { state, userId, search, automationId }],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/registrations", {
          params: {
            path: { projectId },
            query: { state, userId, search, automationId, limit: 25, cursor: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = list.data?.pages.flatMap((page) => page.items);
  const isFiltered = isOwn || Boolean(state ?? userId ?? automationId ?? filters.get("search"));
  return (
    <Stack>
      <Title order={1}>{t("registrations.title")}</Title>
      <RegistrationFilters
        projectId={projectId}
        filters={filters}
        isOwn={isOwn}
        isFiltered={isFiltered}
      />
      <Listing
        query={list}
        count={rows?.length}
        height={420}
        empty={{
          title: isFiltered ? t("registrations.none") : t("registrations.empty"),
          text: isFiltered ? t("registrations.noneText") : t("registrations.emptyText"),
        }}
      >
        <RegistrationTable
          rows={rows ?? []}
          onOpen={(id) => filters.choose({ registration: id })}
        />
      </Listing>
      {chosen && (
        <Registration
          key={chosen}
          projectId={projectId}
          registrationId={chosen}
          onClose={() => filters.choose({ registration: null })}
        />
      )}
    </Stack>
  );
}

interface BarProps {
  projectId: string;
  filters: Filters;
  isOwn: boolean;
  isFiltered: boolean;
}

function RegistrationFilters({ projectId, filters, isOwn, isFiltered }: BarProps) {
  const { t } = useTranslation();
  // Another page led here, to the registrations of this very user.
  const user = filters.get("user");
  const automations = useAutomationNames(projectId);
  return (
    <>
      <FilterBar
        filters={filters}
        label={t("registrations.filters")}
        clear={isFiltered ? { names: FILTERS, label: t("registrations.clear") } : null}
      >
        <FilterSelect
          filters={filters}
          name="state"
          label={t("registrations.state")}
          data={STATES.map((value) => ({ value, label: t(`registrations.state_${value}`) }))}
        />
        <FilterSelect
          filters={filters}
          name="automation"
          label={t("registrations.automation")}
          searchable
          data={automations.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        />
        {!isOwn && (
          <FilterText
            filters={filters}
            name="search"
            label={t("registrations.user")}
            placeholder={t("registrations.userHint")}
          />
        )}
        {user && (
          <Checkbox
            mb={8}
            label={t("registrations.onlyUser", { user })}
            checked
            onChange={() => filters.choose({ user: null })}
          />
        )}
        <Checkbox
          mb={8}
          label={t("registrations.own")}
          checked={isOwn}
          onChange={(event) =>
            filters.choose({
              own: event.currentTarget.checked ? "1" : null,
              user: null,
              search: null,
            })
          }
        />
      </FilterBar>
      <ErrorAlert error={automations.error} />
    </>
  );
}
