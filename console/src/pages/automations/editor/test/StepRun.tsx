import { Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Pauses } from "../../../../components/Pauses";
import { StepDetails } from "../../../../components/StepDetails";
import { numbered } from "../../../../components/iteration";
import { isLoop } from "../draft/model";
import { StepStanding } from "./StepStanding";
import { useShownRun } from "./useTestRun";

/** What a step got and gave in the run that the flow shows; nothing while none is shown. */
export function StepRun({ stepId }: { stepId: string }) {
  const { t } = useTranslation();
  const { projectId, run, standings } = useShownRun();
  const [chosen, setChosen] = useState("");
  const standing = standings.get(stepId);
  if (!run || !standing) return null;
  const executions = run.steps.filter((one) => one.stepId === stepId);
  const pauses = run.pauses.filter((pause) => pause.stepId === stepId);
  const shown = executions.find(({ iteration }) => iteration === chosen) ?? executions[0];
  const isOfLoop = isLoop({ type: executions[0]?.type ?? "" });
  return (
    <Stack gap="sm" component="section" aria-label={t("testing.ofStep")}>
      <Group justify="space-between">
        <Title order={3}>{t("testing.ofStep")}</Title>
        <StepStanding standing={standing} isLoop={isOfLoop} />
      </Group>
      <Pauses projectId={projectId} runId={run.id} pauses={pauses} />
      {executions.length > 1 && (
        <NativeSelect
          label={t("testing.iteration")}
          data={executions.map(({ iteration, status }) => ({
            value: iteration,
            label: `${numbered(iteration)} · ${t(`testing.state_${status}`)}`,
          }))}
          value={shown?.iteration}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
      )}
      {shown ? (
        <StepDetails step={shown} />
      ) : (
        pauses.length === 0 && (
          <Text size="sm" c="dimmed">
            {t(`testing.none_${standing.state}`)}
          </Text>
        )
      )}
    </Stack>
  );
}
