import { Group, Text, Tooltip } from "@mantine/core";
import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Chart.module.css";
import { dateOf, type Day, PARTS } from "./days";
import { ticks } from "./scale";

const HEIGHT = 160;
const MOVES: Record<string, (at: number, last: number) => number> = {
  ArrowLeft: (at) => Math.max(0, at - 1),
  ArrowRight: (at, last) => Math.min(last, at + 1),
  Home: () => 0,
  End: (_, last) => last,
};

/** Runs a day as stacked bars. One bar is in the tab order; arrows lead to the others. */
export function Chart({ days, label }: { days: Day[]; label: string }) {
  const { t, i18n } = useTranslation();
  const plot = useRef<SVGSVGElement>(null);
  const last = days.length - 1;
  const [chosen, setChosen] = useState(last);
  const current = Math.min(chosen, last);
  const lines = ticks(Math.max(...days.map((day) => day.runs)));
  const most = lines.at(-1) ?? 1;
  const move = (event: KeyboardEvent) => {
    const next = MOVES[event.key]?.(current, last);
    if (next === undefined) return;
    event.preventDefault();
    setChosen(next);
    plot.current?.querySelector<SVGGElement>(`[data-day="${next}"]`)?.focus();
  };
  const numbers = new Intl.NumberFormat(i18n.language);
  return (
    <>
      <div className={styles.frame}>
        <div className={styles.values} aria-hidden>
          <span className={styles.width}>{numbers.format(most)}</span>
          {lines.map((line) => (
            <span key={line} className={styles.value} style={{ top: HEIGHT * (1 - line / most) }}>
              {numbers.format(line)}
            </span>
          ))}
        </div>
        <svg
          ref={plot}
          className={styles.plot}
          width="100%"
          height={HEIGHT}
          role="group"
          aria-label={label}
          aria-describedby="chart-keys"
          onKeyDown={move}
        >
          {lines.map((line) => (
            <line
              key={line}
              x2="100%"
              y1={HEIGHT * (1 - line / most)}
              y2={HEIGHT * (1 - line / most)}
              stroke="var(--mantine-color-default-border)"
            />
          ))}
          {days.map((day, index) => (
            <Bar
              key={day.day}
              day={day}
              index={index}
              share={100 / days.length}
              most={most}
              isInTabOrder={index === current}
              onFocus={() => setChosen(index)}
            />
          ))}
        </svg>
        <div className={styles.dates} aria-hidden>
          {[0, 1, 2, 3].map((third) => {
            const index = Math.round((last * third) / 3);
            const day = days[index];
            return (
              <span
                key={third}
                className={styles.date}
                style={{
                  left: `${third % 3 ? ((index + 0.5) / days.length) * 100 : (third / 3) * 100}%`,
                }}
              >
                {day && dateOf(day, i18n.language)}
              </span>
            );
          })}
        </div>
      </div>
      <Group gap="md" mt="xs" aria-hidden>
        {PARTS.map(({ part, colour }) => (
          <Group key={part} gap={6} wrap="nowrap">
            <svg width="10" height="10">
              <rect width="10" height="10" rx="2" fill={colour} />
            </svg>
            <Text size="xs">{t(`runs.status_${part}`)}</Text>
          </Group>
        ))}
      </Group>
      <Text id="chart-keys" hidden>
        {t("statistics.chartKeys")}
      </Text>
    </>
  );
}

interface BarProps {
  day: Day;
  index: number;
  /** The width of a day in percent. */
  share: number;
  /** The count at the top. */
  most: number;
  isInTabOrder: boolean;
  onFocus: () => void;
}

function Bar({ day, index, share, most, isInTabOrder, onFocus }: BarProps) {
  const { t, i18n } = useTranslation();
  const there = PARTS.filter(({ part }) => day[part] > 0);
  const counts = there.map(({ part }) => `${t(`runs.status_${part}`)}: ${day[part]}`);
  const told = [
    `${dateOf(day, i18n.language)}: ${t("statistics.runs", { count: day.runs })}`,
    ...counts,
    ...(day.credits > 0 ? [t("statistics.dayCredits", { count: day.credits })] : []),
  ];
  const rects = there.map(({ part, colour }, place) => {
    const below = there.slice(0, place).reduce((sum, one) => sum + day[one.part], 0);
    const height = (day[part] / most) * HEIGHT;
    return { part, colour, height, y: HEIGHT * (1 - below / most) - height };
  });
  return (
    <Tooltip
      multiline
      label={told.map((line) => (
        <div key={line}>{line}</div>
      ))}
      events={{ hover: true, focus: true, touch: true }}
    >
      <g
        className={styles.day}
        role="img"
        aria-label={told.join(", ")}
        tabIndex={isInTabOrder ? 0 : -1}
        data-day={index}
        onFocus={onFocus}
      >
        <rect
          className={styles.hit}
          x={`${index * share}%`}
          width={`${share}%`}
          height={HEIGHT}
          fill="transparent"
        />
        {rects.map(({ part, colour, y, height }) => (
          <rect
            key={part}
            x={`${(index + 0.15) * share}%`}
            width={`${0.7 * share}%`}
            y={y}
            height={height}
            fill={colour}
          />
        ))}
      </g>
    </Tooltip>
  );
}
