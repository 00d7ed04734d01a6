import { Accordion, Group, Skeleton, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck, IconClockPause, IconX } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../api/client";
import type { components } from "../api/schema";
import { ErrorAlert } from "./ErrorAlert";
import { More } from "./More";
import { Took } from "./Took";
import { numbered } from "./iteration";
import { StateBadge } from "./StateBadge";
import { StepDetails } from "./StepDetails";
import styles from "./Steps.module.css";

type Step = components["schemas"]["StepView"];

const LOOKS = {
  completed: { colour: "green", Icon: IconCheck },
  error: { colour: "red", Icon: IconX },
  waiting: { colour: "orange", Icon: IconClockPause },
} as const;

interface Props {
  projectId: string;
  runId: string;
  isLive: boolean;
  /** The run waits for something. */
  isPaused: boolean;
}

/** The steps in the order in which they began: when, how long, what went in and came out. */
export function Steps({ projectId, runId, isLive, isPaused }: Props) {
  const { t } = useTranslation();
  const steps = useInfiniteQuery({
    // Ends with the state, so that what came with the run's end is read, too.
    queryKey: ["projects", projectId, "run", runId, "steps", isLive],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    refetchInterval: isLive ? 1500 : false,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/runs/{runId}/steps", {
          params: { path: { projectId, runId }, query: { limit: 100, cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = steps.data?.pages.flatMap((page) => page.items);
  const begin = Math.min(...(rows?.map((step) => step.startedAt) ?? []));
  const end = Math.max(...(rows?.map((step) => step.endedAt ?? steps.dataUpdatedAt) ?? []));
  return (
    <Stack gap="xs" component="section" aria-label={t("runs.steps")}>
      <Title order={2} size="h4">
        {t("runs.steps")}
      </Title>
      <ErrorAlert error={steps.error} />
      {steps.isPending && <Skeleton height={120} />}
      {rows?.length === 0 && (
        <Text c="dimmed">{t(isPaused ? "runs.stepsPaused" : "runs.stepsEmpty")}</Text>
      )}
      <Accordion variant="separated" multiple order={3}>
        {rows?.map((step) => (
          <StepItem
            key={`${step.stepId}:${step.iteration}`}
            step={step}
            begin={begin}
            end={step.endedAt ?? end}
            whole={Math.max(1, end - begin)}
          />
        ))}
      </Accordion>
      <More query={steps} />
    </Stack>
  );
}

interface ItemProps {
  step: Step;
  /** When the first step began. */
  begin: number;
  /** When this step ended, or now. */
  end: number;
  /** How long all steps took. */
  whole: number;
}

function StepItem({ step, begin, end, whole }: ItemProps) {
  const { t } = useTranslation();
  const { colour, Icon } = LOOKS[step.status];
  const percent = (ms: number) => `${(Math.max(0, ms) / whole) * 100}%`;
  return (
    <Accordion.Item value={`${step.stepId}:${step.iteration}`} className={styles.item}>
      <Accordion.Control
        icon={
          <ThemeIcon variant="light" color={colour} radius="xl" size="md" aria-hidden>
            <Icon size={16} />
          </ThemeIcon>
        }
      >
        <Group justify="space-between" wrap="nowrap" gap="sm">
          <div>
            <Text fw={500}>
              {step.name || step.stepId}
              {step.iteration &&
                ` · ${t("runs.iteration", { iteration: numbered(step.iteration) })}`}
            </Text>
            <Text size="xs" c="dimmed">
              {step.component ?? step.type}
              {/* One that waits has not taken its time yet. */}
              {step.status !== "waiting" && " · "}
              {step.status !== "waiting" &&
                (step.endedAt === null ? t("runs.endUnknown") : <Took {...step} />)}
              {step.attempts > 1 && ` · ${t("runs.attempts", { count: step.attempts })}`}
            </Text>
          </div>
          <Group wrap="nowrap" gap="md">
            <Group visibleFrom="sm" className={styles.bar} aria-hidden>
              <span
                className={styles.span}
                style={{
                  left: `min(${percent(step.startedAt - begin)}, calc(100% - 3px))`,
                  width: percent(end - step.startedAt),
                  background: `var(--mantine-color-${colour}-filled)`,
                }}
              />
            </Group>
            <div className={styles.state}>
              <StateBadge state={step.status} label={t(`runs.step_${step.status}`)} />
            </div>
          </Group>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <StepDetails step={step} />
      </Accordion.Panel>
    </Accordion.Item>
  );
}
