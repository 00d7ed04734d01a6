import { Group, Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";

type Day = components["schemas"]["Day"];

const WIDTH = 14;
const GAP = 4;
const HEIGHT = 120;
const PARTS = [
  { part: "completed", colour: "var(--mantine-color-green-6)" },
  { part: "other", colour: "var(--mantine-color-blue-5)" },
  { part: "error", colour: "var(--mantine-color-red-6)" },
] as const;

/** Runs a day as stacked bars; the same as a table for those who do not see it. */
export function Chart({ days }: { days: Day[] }) {
  const { t, i18n } = useTranslation();
  const most = Math.max(1, ...days.map((day) => day.runs));
  const dates = new Intl.DateTimeFormat(i18n.language, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  const named = (day: Day | undefined) => (day ? dates.format(new Date(day.day)) : "");
  return (
    <>
      <svg
        viewBox={`0 0 ${days.length * (WIDTH + GAP)} ${HEIGHT}`}
        width="100%"
        height={HEIGHT}
        preserveAspectRatio="none"
        aria-hidden
      >
        {days.map((day, index) => (
          <g key={day.day} transform={`translate(${index * (WIDTH + GAP)} 0)`}>
            <title>{`${named(day)}: ${t("statistics.runs", { count: day.runs })}`}</title>
            <rect
              y={HEIGHT - 2}
              width={WIDTH}
              height={2}
              fill="var(--mantine-color-default-border)"
            />
            {stacked(day, most).map(({ part, colour, y, height }) => (
              <rect key={part} y={y} width={WIDTH} height={height} fill={colour} />
            ))}
          </g>
        ))}
      </svg>
      <Group justify="space-between" mt="xs">
        <Text size="xs" c="dimmed">
          {named(days[0])}
        </Text>
        <Group gap="md" aria-hidden>
          {PARTS.map(({ part, colour }) => (
            <Group key={part} gap={6}>
              <svg width="10" height="10">
                <rect width="10" height="10" rx="2" fill={colour} />
              </svg>
              <Text size="xs">{t(`statistics.part_${part}`)}</Text>
            </Group>
          ))}
        </Group>
        <Text size="xs" c="dimmed">
          {named(days.at(-1))}
        </Text>
      </Group>
      <VisuallyHidden>
        <table>
          <caption>{t("statistics.chart")}</caption>
          <thead>
            <tr>
              <th>{t("statistics.day")}</th>
              {PARTS.map(({ part }) => (
                <th key={part}>{t(`statistics.part_${part}`)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days
              .filter((day) => day.runs > 0)
              .map((day) => (
                <tr key={day.day}>
                  <th>{named(day)}</th>
                  <td>{day.completed}</td>
                  <td>{day.runs - day.completed - day.error}</td>
                  <td>{day.error}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </>
  );
}

function stacked(day: Day, most: number) {
  const counts = {
    completed: day.completed,
    error: day.error,
    other: day.runs - day.completed - day.error,
  };
  let top = HEIGHT;
  return PARTS.map(({ part, colour }) => {
    const height = (counts[part] / most) * HEIGHT;
    top -= height;
    return { part, colour, y: top, height };
  });
}
