import { Accordion, Alert, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Json } from "../../components/Json";
import { Moment } from "../../components/Moment";
import { More } from "../../components/More";
import { StateBadge } from "../../components/StateBadge";

type Step = components["schemas"]["StepView"];

interface Props {
  projectId: string;
  runId: string;
  isLive: boolean;
}

/** The steps in the order in which they began, with what went in and came out. */
export function Steps({ projectId, runId, isLive }: Props) {
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
  return (
    <Stack gap="xs" component="section" aria-label={t("runs.steps")}>
      <Title order={2} size="h4">
        {t("runs.steps")}
      </Title>
      <ErrorAlert error={steps.error} />
      {steps.isPending && <Skeleton height={120} />}
      {rows?.length === 0 && <Text c="dimmed">{t("runs.stepsEmpty")}</Text>}
      <Accordion variant="separated" multiple order={3}>
        {rows?.map((step) => (
          <StepItem key={`${step.stepId}:${step.iteration}`} step={step} />
        ))}
      </Accordion>
      <More query={steps} />
    </Stack>
  );
}

function StepItem({ step }: { step: Step }) {
  const { t } = useTranslation();
  return (
    <Accordion.Item value={`${step.stepId}:${step.iteration}`}>
      <Accordion.Control>
        <Group justify="space-between" wrap="nowrap">
          <div>
            <Text fw={500}>
              {step.name || step.stepId}
              {step.iteration && ` · ${t("runs.iteration", { iteration: step.iteration })}`}
            </Text>
            <Text size="xs" c="dimmed">
              {step.component ?? step.type}
              {step.endedAt && ` · ${t("runs.took", { ms: step.endedAt - step.startedAt })}`}
              {step.attempts > 1 && ` · ${t("runs.attempts", { count: step.attempts })}`}
            </Text>
          </div>
          <StateBadge state={step.status} label={t(`runs.step_${step.status}`)} />
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            <Moment at={step.startedAt} seconds />
            {step.connectionUserId !== null &&
              ` · ${t("runs.connectionOf", { user: step.connectionUserId || t("runs.developer") })}`}
          </Text>
          {step.error && (
            <Alert color="red" title={t("runs.error")}>
              {step.error}
            </Alert>
          )}
          <Part label={t("runs.inputs")} value={step.inputs} />
          <Part label={t("runs.output")} value={step.output} />
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

function Part({ label, value }: { label: string; value: unknown }) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <Json value={value} label={label} />
    </div>
  );
}
