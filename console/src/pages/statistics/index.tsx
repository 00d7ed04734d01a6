import {
  Anchor,
  Grid,
  Group,
  Paper,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { EmptyState } from "../../components/EmptyState";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Moment } from "../../components/Moment";
import { StateBadge } from "../../components/StateBadge";
import { Chart } from "./Chart";
import { Users } from "./Users";

type Execution = components["schemas"]["Execution"];

const DAYS = 30;

/** A project in numbers, its last executions and its connected users. */
export default function Statistics() {
  const { t } = useTranslation();
  const { id: projectId = "" } = useParams();
  const statistics = useQuery({
    queryKey: ["projects", projectId, "statistics"],
    refetchInterval: 15_000,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/statistics", {
          params: { path: { projectId }, query: { days: DAYS } },
        }),
      ),
  });
  const found = statistics.data;
  return (
    <Stack gap="xl">
      <Title order={1}>{t("statistics.title")}</Title>
      <ErrorAlert error={statistics.error} />
      <Grid gutter="lg">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <SimpleGrid cols={{ base: 1, xs: 3, md: 1 }}>
            <Figure label={t("statistics.users")} value={found?.users} />
            <Figure label={t("statistics.registrations")} value={found?.registrations} />
            <Figure label={t("statistics.credits")} value={found?.usedDailyCredits} />
          </SimpleGrid>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Paper withBorder p="lg" component="section" aria-label={t("statistics.last")}>
            <Group justify="space-between" mb="sm">
              <Title order={2} size="h4">
                {t("statistics.last")}
              </Title>
              <Anchor
                component={Link}
                to={`/projects/${projectId}/runs`}
                size="sm"
                underline="always"
              >
                {t("statistics.allRuns")}
              </Anchor>
            </Group>
            {found ? (
              <Executions projectId={projectId} executions={found.lastExecutions} />
            ) : (
              <Skeleton height={210} />
            )}
          </Paper>
        </Grid.Col>
      </Grid>
      <Paper withBorder p="lg" component="section" aria-label={t("statistics.chart")}>
        <Title order={2} size="h4" mb="md">
          {t("statistics.chart")}
        </Title>
        {found ? <Chart days={found.chart} /> : <Skeleton height={160} />}
      </Paper>
      <Users projectId={projectId} />
    </Stack>
  );
}

function Figure({ label, value }: { label: string; value: number | undefined }) {
  const { i18n } = useTranslation();
  return (
    <Paper withBorder p="lg" component="section" aria-label={label}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {value === undefined ? (
        <Skeleton height={34} width={80} mt={4} />
      ) : (
        <Text size="xl" fw={700} fz={28} lh={1.35}>
          {new Intl.NumberFormat(i18n.language).format(value)}
        </Text>
      )}
    </Paper>
  );
}

function Executions({ projectId, executions }: { projectId: string; executions: Execution[] }) {
  const { t } = useTranslation();
  if (executions.length === 0) {
    return <EmptyState title={t("statistics.lastEmpty")} text={t("statistics.lastEmptyText")} />;
  }
  return (
    <Table.ScrollContainer minWidth={440}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("runs.automation")}</Table.Th>
            <Table.Th>{t("runs.user")}</Table.Th>
            <Table.Th>{t("runs.status")}</Table.Th>
            <Table.Th>{t("runs.started")}</Table.Th>
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
              </Table.Td>
              <Table.Td>{run.userId || t("runs.developer")}</Table.Td>
              <Table.Td>
                <StateBadge state={run.status} label={t(`runs.status_${run.status}`)} />
              </Table.Td>
              <Table.Td>
                <Moment at={run.startedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
