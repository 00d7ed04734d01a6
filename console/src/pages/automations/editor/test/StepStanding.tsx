import { Loader, Text } from "@mantine/core";
import {
  IconAlertCircle,
  IconCircleCheck,
  IconHourglass,
  IconPlayerSkipForward,
} from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { duration } from "../../../../components/duration";
import type { Standing, State } from "./standings";
import classes from "./test.module.css";

const ICONS: Record<Exclude<State, "running">, typeof IconHourglass> = {
  waiting: IconHourglass,
  completed: IconCircleCheck,
  error: IconAlertCircle,
  skipped: IconPlayerSkipForward,
};

/** What a step's card says of the run that is shown. */
export function StepStanding({ standing, isLoop }: { standing: Standing; isLoop: boolean }) {
  const { t, i18n } = useTranslation();
  const { state } = standing;
  const Icon = state === "running" ? null : ICONS[state];
  return (
    <Text span size="xs" className={classes.standing} data-state={state} data-standing>
      {Icon ? <Icon size={16} aria-hidden /> : <Loader size={14} aria-hidden />}
      {toldStanding(t, i18n.language, standing, isLoop)}
    </Text>
  );
}

/** "Done · 320 ms", "3 iterations · Running". */
export function toldStanding(
  t: TFunction,
  language: string,
  { state, count, failed, took }: Standing,
  isLoop: boolean,
): string {
  const often = isLoop
    ? t("testing.iterations", { count })
    : count > 1
      ? t("testing.executions", { count })
      : null;
  const bad = failed > 0 && count > 1 ? t("testing.failedOf", { count: failed }) : null;
  // What is over at once has no span worth telling.
  const span = took !== null && took > 0 ? duration(took, language) : null;
  return [t(`testing.state_${state}`), count > 0 ? often : null, bad, span]
    .filter((part) => part !== null)
    .join(" · ");
}
