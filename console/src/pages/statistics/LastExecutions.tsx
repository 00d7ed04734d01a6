import { Anchor, Group, Paper, Skeleton, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { components } from "../../api/schema";
import { Took } from "../../components/Took";
import { EmptyState } from "../../components/EmptyState";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";

type Execution = components["schemas"]["Execution"];

interface Props {
  projectId: string;
  executions: Execution[] | undefined;
}

/** The runs that started last; all of them are one step further. */
export function LastExecutions({ projectId, executions }: Props) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="lg" h="100%" component="section" aria-label={t("statistics.last")}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {t("statistics.last")}
        </Title>
        <Anchor component={Link} to={`/projects/${projectId}/runs`} size="sm" underline="always">
          {t("statistics.allRuns")}
        </Anchor>
      </Group>
      {!executions && <Skeleton height={290} />}
      {executions?.length === 0 && (
        <EmptyState title={t("statistics.lastEmpty")} text={t("statistics.lastEmptyText")} />
      )}
      {executions && executions.length > 0 && (
        <Executions projectId={projectId} executions={executions} />
      )}
    </Paper>
  );
}

function Executions({ projectId, executions }: { projectId: string; executions: Execution[] }) {
  const { t } = useTranslation();
  return (
    <Table verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("runs.automation")}</Table.Th>
          <Table.Th>{t("runs.status")}</Table.Th>
          <Table.Th visibleFrom="sm">{t("runs.started")}</Table.Th>
          <Table.Th visibleFrom="lg">{t("runs.duration")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {executions.map((run) => (
          <Table.Tr key={run.runId}>
            <Table.Td>
              <Anchor
                component={Link}
                underline="always"
                to={`/projects/${projectId}/runs/${encodeURIComponent(run.runId)}`}
              >
                {run.automationName ?? t("runs.deletedAutomation")}
              </Anchor>
              <Text size="xs" c="dimmed">
                {run.userId || t("runs.developer")}
                <Text span inherit hiddenFrom="sm">
                  {" · "}
                  <Moment at={run.startedAt} />
                </Text>
              </Text>
            </Table.Td>
            <Table.Td>
              <StateBadge state={run.status} label={t(`runs.status_${run.status}`)} />
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Moment at={run.startedAt} />
            </Table.Td>
            <Table.Td visibleFrom="lg">
              <Took {...run} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
