import { Grid, Paper, Stack, Text } from "@mantine/core";
import { IconBolt, IconFlag, IconPlus } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../../api/client";
import { AddStep } from "./AddStep";
import { ResultPanel } from "../forms/ResultPanel";
import { SidePanel, useIsWide } from "../SidePanel";
import { StepCard } from "./StepCard";
import { KindIcon, StepIcon } from "../StepIcon";
import { StepList } from "./StepList";
import { StepPanel } from "../forms/StepPanel";
import { TriggerPanel } from "../forms/TriggerPanel";
import { appOf, triggerOf, useAppViews, usedApps } from "../draft/catalogue";
import { RESULT, TRIGGER, faultsByStep } from "../draft/faults";
import { written } from "../forms/fields";
import { useFlowKeys } from "../keyboard/useFlowKeys";
import { useStepActions } from "../keyboard/useStepActions";
import { type Path, find } from "../draft/model";
import { TestBar } from "../test/TestBar";
import { TestPanel } from "../test/TestPanel";
import type { Draft } from "../draft/useDraft";

interface Props {
  projectId: string;
  automationId: string;
  draft: Draft;
  faults: Fault[];
  selected: string | null;
  onSelect: (id: string | null) => void;
  isTesting: boolean;
  onTest: (isTesting: boolean) => void;
  onHelp: () => void;
}

/** The trigger and the steps from top to bottom; beside it the form of what is selected, or the test. */
export function Flow(props: Props) {
  const { projectId, automationId, draft, faults, selected, onSelect, isTesting, onTest } = props;
  const { t } = useTranslation();
  const isWide = useIsWide();
  const flow = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [adding, setAdding] = useState<{ block: Path; index: number } | null>(null);
  const { definition } = draft;
  const catalogue = useAppViews(usedApps(definition));
  const byStep = faultsByStep(definition, faults);
  const { act, add, focus } = useStepActions(draft, flow, onSelect);
  const choose = (block: Path, index: number) => setAdding({ block, index });
  const keys = useFlowKeys({
    draft,
    flow,
    onOpen: (id) => {
      onSelect(id);
      requestAnimationFrame(() => panel.current?.focus());
    },
    onChoose: choose,
    onAdd: add,
    onAct: act,
    onHelp: props.onHelp,
    onTest: () => onTest(true),
  });

  const trigger = definition.trigger;
  const described = triggerOf(catalogue, trigger?.component);
  const triggerFaults = byStep.get(TRIGGER) ?? [];
  const resultFaults = byStep.get(RESULT) ?? [];
  const place = selected === null ? undefined : find(definition, selected);
  const form =
    selected === TRIGGER ? (
      <TriggerPanel draft={draft} catalogue={catalogue} faults={triggerFaults} />
    ) : selected === RESULT ? (
      <ResultPanel draft={draft} catalogue={catalogue} faults={resultFaults} />
    ) : place ? (
      <StepPanel
        key={place.step.id}
        projectId={projectId}
        automationId={automationId}
        draft={draft}
        place={place}
        catalogue={catalogue}
        faults={byStep.get(place.step.id) ?? []}
        onSelect={onSelect}
        onDelete={() => act(place.step.id, "remove")}
      />
    ) : null;
  const leave = () => {
    if (isTesting) onTest(false);
    if (selected !== null) focus(selected);
  };
  return (
    <Grid gutter="xl">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <TestBar isOpen={isTesting} onOpen={() => onTest(true)} />
        <Stack component="section" gap={0} aria-label={t("automations.flow")} ref={flow} {...keys}>
          <StepCard
            id={TRIGGER}
            icon={
              trigger?.type === "app" ? (
                <StepIcon type="app" component={trigger.component} catalogue={catalogue} />
              ) : (
                <KindIcon Icon={IconBolt} />
              )
            }
            title={t("automations.trigger")}
            detail={
              !trigger
                ? t("automations.triggerNone")
                : trigger.type === "manual"
                  ? t("automations.triggerManual")
                  : (described?.name ?? String(trigger.component))
            }
            hasFaults={triggerFaults.length > 0}
            appKey={trigger?.type === "app" ? appOf(trigger.component) : undefined}
            isSelected={selected === TRIGGER}
            onSelect={onSelect}
          />
          <StepList
            steps={definition.steps}
            block={["steps"]}
            catalogue={catalogue}
            faults={byStep}
            selected={selected}
            onSelect={onSelect}
            onAdd={choose}
            onAct={act}
          />
          <StepCard
            id={RESULT}
            icon={<KindIcon Icon={IconFlag} />}
            title={t("automations.result")}
            detail={written(definition.result ?? undefined) || t("automations.resultNone")}
            hasFaults={resultFaults.length > 0}
            isSelected={selected === RESULT}
            onSelect={onSelect}
          />
          {definition.steps.length === 0 && (
            <Paper withBorder p="md" mt="xs">
              <Text size="sm" c="dimmed">
                <IconPlus size={14} aria-hidden /> {t("automations.noSteps")}
              </Text>
            </Paper>
          )}
        </Stack>
      </Grid.Col>
      <SidePanel
        ref={panel}
        title={isTesting ? t("automations.test") : t("automations.step")}
        isOpen={isTesting || form !== null}
        onClose={() => (isTesting ? onTest(false) : onSelect(null))}
        onLeave={leave}
      >
        {isTesting ? (
          <TestPanel
            path={{ projectId, automationId }}
            draft={draft}
            onSelect={onSelect}
            onClose={isWide ? leave : undefined}
          />
        ) : (
          form
        )}
      </SidePanel>
      <AddStep
        definition={definition}
        isOpen={adding !== null}
        onClose={() => setAdding(null)}
        onAdd={(steps) => {
          if (adding) add(adding.block, adding.index, steps);
          setAdding(null);
        }}
      />
    </Grid>
  );
}
