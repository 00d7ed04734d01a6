import { Anchor, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Took } from "../../components/Took";
import { ListTable } from "../../components/ListTable";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";
import { startedBy } from "./startedBy";
import type { Run } from "./useRuns";

/** Runs with all that tells one from another; on a phone the details stand below the name. */
export function RunTable({ projectId, runs }: { projectId: string; runs: Run[] }) {
  const { t } = useTranslation();
  return (
    <ListTable
      head={
        <>
          <Table.Th>{t("runs.automation")}</Table.Th>
          <Table.Th>{t("runs.status")}</Table.Th>
          <Table.Th visibleFrom="sm">{t("runs.user")}</Table.Th>
          <Table.Th visibleFrom="lg">{t("runs.trigger")}</Table.Th>
          <Table.Th visibleFrom="sm">{t("runs.started")}</Table.Th>
          <Table.Th visibleFrom="md">{t("runs.duration")}</Table.Th>
        </>
      }
    >
      {runs.map((run) => (
        <Table.Tr key={run.id}>
          <Table.Td maw={340}>
            <Anchor
              component={Link}
              underline="always"
              to={`/projects/${projectId}/runs/${encodeURIComponent(run.id)}`}
            >
              {run.automationName ?? t("runs.deletedAutomation")}
            </Anchor>
            <Text size="xs" c="dimmed">
              {run.version ? t("runs.version", { version: run.version }) : t("runs.draft")}
              <Text span inherit hiddenFrom="sm">
                {` · ${run.userId || t("runs.developer")} · `}
                <Moment at={run.startedAt} />
              </Text>
            </Text>
            {run.message && (
              <Text size="xs" c={run.status === "error" ? "red" : "dimmed"} lineClamp={2}>
                {run.message}
              </Text>
            )}
          </Table.Td>
          <Table.Td>
            <StateBadge state={run.status} label={t(`runs.status_${run.status}`)} />
          </Table.Td>
          <Table.Td visibleFrom="sm">{run.userId || t("runs.developer")}</Table.Td>
          <Table.Td visibleFrom="lg">{startedBy(run, t)}</Table.Td>
          <Table.Td visibleFrom="sm">
            <Moment at={run.startedAt} />
          </Table.Td>
          <Table.Td visibleFrom="md">
            <Took {...run} />
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  );
}
