import { CloseButton, Group, Paper, Progress as Bar, Stack, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Finished } from "./Finished";
import { GuideStep } from "./GuideStep";
import { useGuideState } from "./guideState";
import { STEPS, useProgress } from "./progress";

/** Leads from an empty project to its first run by REST; ticks what the API says is done. */
export function Guide({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [state, setState] = useGuideState(projectId);
  const { data: progress } = useProgress(projectId, state !== "closed");
  const isDone = progress?.next === null;

  useEffect(() => {
    // A project that has long been at work is not taught to walk.
    if (state === null && progress) setState(isDone ? "closed" : "open");
  }, [state, progress, isDone, setState]);
  useEffect(() => {
    if (state === "open" && isDone) return () => setState("closed");
  }, [state, isDone, setState]);

  if (!progress || state === "closed" || (state === null && isDone)) return null;
  const count = STEPS.filter((step) => progress.done[step]).length;
  return (
    <Paper
      withBorder
      p={{ base: "md", sm: "lg" }}
      component="section"
      aria-label={t("start.title")}
    >
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Title order={2}>{t("start.title")}</Title>
            <Text c="dimmed" size="sm" role="status">
              {t("start.progress", { count, all: STEPS.length })}
            </Text>
          </div>
          <CloseButton aria-label={t("start.dismiss")} onClick={() => setState("closed")} />
        </Group>
        <Bar
          value={(100 * count) / STEPS.length}
          aria-label={t("start.progress", { count, all: STEPS.length })}
        />
        {isDone ? (
          <Finished projectId={projectId} onClose={() => setState("closed")} />
        ) : (
          <Stack component="ol" gap="sm" m={0} p={0}>
            {STEPS.map((step, index) => (
              <GuideStep
                key={step}
                step={step}
                number={index + 1}
                projectId={projectId}
                progress={progress}
              />
            ))}
          </Stack>
        )}
        {!isDone && (
          <Text size="xs" c="dimmed">
            {t("start.dismissHint")}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
