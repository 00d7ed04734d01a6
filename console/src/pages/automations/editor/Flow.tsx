import { Drawer, Grid, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { useHotkeys, useMediaQuery } from "@mantine/hooks";
import { IconAlertTriangle, IconBolt, IconFlag, IconPlus } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { AddStep } from "./AddStep";
import { StepList } from "./StepList";
import { triggerOf, useAppViews, usedApps } from "./catalogue";
import classes from "./editor.module.css";
import { written } from "./fields";
import { RESULT, TRIGGER, faultsByStep } from "./faults";
import { type Path, find, insert, move, remove } from "./model";
import { ResultPanel } from "./ResultPanel";
import { StepPanel } from "./StepPanel";
import { TriggerPanel } from "./TriggerPanel";
import type { Draft } from "./useDraft";

interface Props {
  projectId: string;
  automationId: string;
  draft: Draft;
  faults: Fault[];
  selected: string | null;
  onSelect: (id: string | null) => void;
}

/** The trigger and the steps from top to bottom; beside it the form of what is selected. */
export function Flow({ projectId, automationId, draft, faults, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const isWide = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const [adding, setAdding] = useState<{ block: Path; index: number } | null>(null);
  const { definition } = draft;
  const catalogue = useAppViews(usedApps(definition));
  const byStep = faultsByStep(definition, faults);
  useHotkeys([
    ["mod+Z", draft.undo],
    ["mod+shift+Z", draft.redo],
    ["mod+Y", draft.redo],
  ]);

  const deleteStep = (id: string) => {
    draft.edit((before) => remove(before, id));
    onSelect(null);
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-step]");
    const id = card?.dataset.step;
    if (!card || id === undefined || event.target !== card) return;
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (by !== 0) {
      event.preventDefault();
      if (event.altKey) draft.edit((before) => move(before, id, by));
      else neighbour(event.currentTarget, card, by)?.focus();
    } else if ((event.key === "Delete" || event.key === "Backspace") && !id.startsWith("$")) {
      event.preventDefault();
      neighbour(event.currentTarget, card, -1)?.focus();
      deleteStep(id);
    }
  };

  const trigger = definition.trigger;
  const described = triggerOf(catalogue, trigger?.component);
  const triggerFaults = byStep.get(TRIGGER) ?? [];
  const resultFaults = byStep.get(RESULT) ?? [];
  const place = selected === null ? undefined : find(definition, selected);
  const panel =
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
        onDelete={() => deleteStep(place.step.id)}
      />
    ) : null;
  return (
    <Grid gutter="xl">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack component="section" gap={0} aria-label={t("automations.flow")} onKeyDown={keys}>
          <Text size="xs" c="dimmed" mb="xs">
            {t("automations.keys")}
          </Text>
          <EndCard
            id={TRIGGER}
            Icon={IconBolt}
            kind={t("automations.trigger")}
            text={
              !trigger
                ? t("automations.triggerNone")
                : trigger.type === "manual"
                  ? t("automations.triggerManual")
                  : (described?.name ?? String(trigger.component))
            }
            hasFaults={triggerFaults.length > 0}
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
            onAdd={(block, index) => setAdding({ block, index })}
          />
          <EndCard
            id={RESULT}
            Icon={IconFlag}
            kind={t("automations.result")}
            text={written(definition.result ?? undefined) || t("automations.resultNone")}
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
      {isWide ? (
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Paper withBorder p="lg" className={classes.panel}>
            {panel ?? <Text c="dimmed">{t("automations.selectHint")}</Text>}
          </Paper>
        </Grid.Col>
      ) : (
        <Drawer
          opened={panel !== null}
          onClose={() => onSelect(null)}
          position="bottom"
          size="85%"
          title={t("automations.step")}
          closeButtonProps={{ "aria-label": t("common.close") }}
        >
          {panel}
        </Drawer>
      )}
      <AddStep
        definition={definition}
        isOpen={adding !== null}
        onClose={() => setAdding(null)}
        onAdd={(step) => {
          if (!adding) return;
          draft.edit((before) => insert(before, adding.block, adding.index, step));
          setAdding(null);
          onSelect(step.id);
        }}
      />
    </Grid>
  );
}

/** Where the flow begins or ends. */
function EndCard({
  id,
  Icon,
  kind,
  text,
  hasFaults,
  isSelected,
  onSelect,
}: {
  id: string;
  Icon: typeof IconBolt;
  kind: string;
  text: string;
  hasFaults: boolean;
  isSelected: boolean;
  onSelect: (id: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <UnstyledButton
      className={classes.card}
      data-step={id}
      data-selected={isSelected || undefined}
      aria-pressed={isSelected}
      onClick={() => onSelect(id)}
    >
      <Icon size={20} aria-hidden />
      <span className={classes.words}>
        <Text span size="xs" c="dimmed" display="block">
          {kind}
        </Text>
        <Text span fw={500} lineClamp={2}>
          {text}
        </Text>
      </span>
      {hasFaults && (
        <IconAlertTriangle
          size={18}
          className={classes.fault}
          role="img"
          aria-label={t("automations.hasFaults")}
        />
      )}
    </UnstyledButton>
  );
}

function neighbour(flow: HTMLElement, card: HTMLElement, by: number): HTMLElement | undefined {
  const cards = [...flow.querySelectorAll<HTMLElement>("[data-step]")];
  return cards[cards.indexOf(card) + by];
}
