/** A span of time in the units that say it best: 840 ms, 3.2 sec, 5 min 3 sec, 2 days 4 hr. */
export function duration(ms: number, language: string): string {
  const say = (value: number, unit: string, digits = 0) =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  const seconds = ms / 1000;
  if (seconds < 1) return say(Math.max(0, ms), "millisecond");
  if (seconds < 60) return say(seconds, "second", 1);
  const [large, small] = STEPS.find(([, , upTo]) => seconds < upTo) ?? DAYS;
  const ofLarge = SECONDS[large];
  const rest = Math.floor((seconds % ofLarge) / SECONDS[small]);
  const shown = say(Math.floor(seconds / ofLarge), large);
  return rest ? `${shown} ${say(rest, small)}` : shown;
}

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 };
type Unit = keyof typeof SECONDS;

const DAYS: [Unit, Unit, number] = ["day", "hour", Infinity];
const STEPS: [Unit, Unit, number][] = [
  ["minute", "second", 3600],
  ["hour", "minute", 86_400],
  DAYS,
];
