import {
  Button,
  Group,
  Paper,
  SegmentedControl,
  Skeleton,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Chart } from "./Chart";
import { dateOf, type Day, PARTS } from "./days";
import { statisticsOf } from "./statisticsOf";

const SPANS = ["7", "30", "90"];

/** Runs over time, as a chart or as the table of the same. */
export function History({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [span, setSpan] = useState("30");
  const [isTable, setTable] = useState(false);
  const found = useQuery({
    ...statisticsOf(projectId, Number(span)),
    placeholderData: keepPreviousData,
  });
  const label = t("statistics.chart", { count: Number(span) });
  return (
    <Paper withBorder p="lg" component="section" aria-label={t("statistics.history")}>
      <Group justify="space-between" mb="lg">
        <Title order={2} size="h4">
          {t("statistics.history")}
        </Title>
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label={t("statistics.span")}
            value={span}
            onChange={setSpan}
            data={SPANS.map((value) => ({
              value,
              label: t("statistics.days", { count: Number(value) }),
            }))}
          />
          <Button size="xs" variant="default" onClick={() => setTable(!isTable)}>
            {isTable ? t("statistics.asChart") : t("statistics.asTable")}
          </Button>
        </Group>
      </Group>
      <ErrorAlert error={found.error} />
      {found.data?.unknownZone && (
        <Text size="sm" c="dimmed" mb="sm">
          {t("statistics.zoneUnknown", { zone: found.data.unknownZone })}
        </Text>
      )}
      {found.isPending && <Skeleton height={214} />}
      {found.data && !isTable && <Chart days={found.data.chart} label={label} />}
      {found.data && isTable && <DayTable days={found.data.chart} label={label} />}
    </Paper>
  );
}

function DayTable({ days, label }: { days: Day[]; label: string }) {
  const { t, i18n } = useTranslation();
  return (
    <Table.ScrollContainer
      type="native"
      minWidth={620}
      mah={420}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <Table
        verticalSpacing={6}
        captionSide="top"
        stickyHeader
        __vars={{ "--mantine-color-body": "var(--inlay-surface)" }}
      >
        <Table.Caption>{label}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("statistics.day")}</Table.Th>
            <Table.Th ta="right">{t("statistics.all")}</Table.Th>
            {PARTS.map(({ part }) => (
              <Table.Th key={part} ta="right">
                {t(`runs.status_${part}`)}
              </Table.Th>
            ))}
            <Table.Th ta="right">{t("statistics.creditsShort")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {days.toReversed().map((day) => (
            <Table.Tr key={day.day}>
              <Table.Th scope="row">{dateOf(day, i18n.language)}</Table.Th>
              <Table.Td ta="right">{day.runs}</Table.Td>
              {PARTS.map(({ part }) => (
                <Table.Td key={part} ta="right">
                  {day[part]}
                </Table.Td>
              ))}
              <Table.Td ta="right">{day.credits}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
