import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { AppStepForm } from "./AppStepForm";
import { FlowStepForm } from "./FlowStepForm";
import { labelOf } from "./StepList";
import { type Catalogue, outputSchemas } from "./catalogue";
import { faultAt } from "./faults";
import {
  ID_PATTERN,
  type Json,
  type Path,
  type Place,
  blocksOf,
  duplicate,
  find,
  formatPath,
  getIn,
  move,
  moveTo,
  rename,
  setIn,
  startsWith,
  walk,
} from "./model";
import { sourcesAt, type Source } from "./sources";
import type { Draft } from "./useDraft";

interface Props {
  projectId: string;
  automationId: string;
  draft: Draft;
  place: Place;
  catalogue: Catalogue;
  faults: Fault[];
  onSelect: (id: string | null) => void;
  onDelete: () => void;
}

/** What the form of one step has to work with. */
export interface StepFormProps extends Props {
  /** Sets a value inside the step; `undefined` removes it. */
  set: (path: Path, value: Json | undefined) => void;
  sources: (path: Path) => Source[];
  faultOf: (path: Path) => string | undefined;
}

/** The form of one step. */
export function StepPanel(props: Props) {
  const { draft, place, catalogue, faults, onDelete, onSelect } = props;
  const { t } = useTranslation();
  const { step, path } = place;
  const { definition } = draft;
  const schemas = outputSchemas(catalogue);
  const form: StepFormProps = {
    ...props,
    set: (inner, value) =>
      draft.edit(
        (before) => {
          const now = find(before, step.id);
          return now ? setIn(before, [...now.path, ...inner], value) : before;
        },
        `${step.id}.${formatPath(inner)}`,
      ),
    sources: (inner) => sourcesAt(definition, [...path, ...inner], schemas),
    faultOf: (inner) => faultAt(faults, [...path, ...inner]),
  };
  const atField = (fault: Fault) =>
    step.type === "app" && fault.path.startsWith(`${formatPath(path)}.inputs.`);
  const others = faults.filter((fault) => !atField(fault));
  return (
    <Stack component="section" aria-label={labelOf(step)}>
      <Group justify="space-between" wrap="nowrap">
        <Title order={2}>{labelOf(step)}</Title>
        <Group gap={4} wrap="nowrap">
          <ActionIcon
            variant="subtle"
            aria-label={t("automations.moveUp")}
            disabled={place.index === 0}
            onClick={() => draft.edit((before) => move(before, step.id, -1))}
          >
            <IconArrowUp size={18} aria-hidden />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            aria-label={t("automations.moveDown")}
            disabled={move(definition, step.id, 1) === definition}
            onClick={() => draft.edit((before) => move(before, step.id, 1))}
          >
            <IconArrowDown size={18} aria-hidden />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            aria-label={t("automations.duplicate")}
            onClick={() => draft.edit((before) => duplicate(before, step.id))}
          >
            <IconCopy size={18} aria-hidden />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label={t("automations.removeStep")}
            onClick={onDelete}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Group>
      </Group>
      {others.length > 0 && (
        <Alert color="orange">
          {others.map((fault) => (
            <Text key={fault.path + fault.message} size="sm">
              {fault.message}
            </Text>
          ))}
        </Alert>
      )}
      <TextInput
        label={t("automations.stepName")}
        maxLength={200}
        value={typeof step.name === "string" ? step.name : ""}
        onChange={(event) => form.set(["name"], event.currentTarget.value || undefined)}
      />
      {step.type === "app" ? <AppStepForm {...form} /> : <FlowStepForm {...form} />}
      <OnError {...form} />
      <StepId
        id={step.id}
        onRename={(next) => {
          draft.edit((before) => rename(before, step.id, next));
          onSelect(next);
        }}
        isTaken={(next) => next !== step.id && find(definition, next) !== undefined}
      />
      <MoveTo {...form} />
    </Stack>
  );
}

function StepId({
  id,
  onRename,
  isTaken,
}: {
  id: string;
  onRename: (next: string) => void;
  isTaken: (next: string) => boolean;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(id);
  const problem = !ID_PATTERN.test(typed)
    ? t("automations.idBad")
    : isTaken(typed)
      ? t("automations.idTaken")
      : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!problem && typed !== id) onRename(typed);
      }}
    >
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <TextInput
          flex={1}
          label={t("automations.stepId")}
          description={t("automations.stepIdHint")}
          value={typed}
          error={problem}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {typed !== id && (
          <Button type="submit" mt={44} variant="default" disabled={problem !== null}>
            {t("automations.rename")}
          </Button>
        )}
      </Group>
    </form>
  );
}

function OnError({ place, set }: StepFormProps) {
  const { t } = useTranslation();
  const action = getIn(place.step, ["onError", "action"]);
  return (
    <Select
      label={t("automations.onError")}
      allowDeselect={false}
      data={["stop", "continue"].map((value) => ({
        value,
        label: t(`automations.onError_${value}`),
      }))}
      value={action === "continue" ? "continue" : "stop"}
      onChange={(value) => set(["onError", "action"], value ?? "stop")}
    />
  );
}

/** Puts the step at the end of another list of steps. */
function MoveTo({ draft, place, onSelect }: StepFormProps) {
  const { t } = useTranslation();
  const { step } = place;
  const blocks = [
    { path: ["steps"] as Path, label: t("automations.outermost") },
    ...walk(draft.definition).flatMap(({ step: holder, path }) =>
      blocksOf(holder, path).map((block) => ({
        path: block.path,
        label: `${labelOf(holder)}: ${t(`automations.block_${block.kind}`, {
          detail: block.kind === "branch" || block.kind === "case" ? block.number + 1 : "",
        })}`,
      })),
    ),
  ].filter(
    ({ path }) => !startsWith(path, place.path) && formatPath(path) !== formatPath(place.block),
  );
  if (blocks.length === 0) return null;
  return (
    <Select
      label={t("automations.moveTo")}
      placeholder={t("automations.moveToHint")}
      data={blocks.map(({ path, label }) => ({ value: formatPath(path), label }))}
      value={null}
      onChange={(value) => {
        const target = blocks.find(({ path }) => formatPath(path) === value);
        if (!target) return;
        draft.edit((before) => {
          const steps = getIn(before, target.path);
          return moveTo(before, step.id, target.path, Array.isArray(steps) ? steps.length : 0);
        });
        onSelect(step.id);
      }}
    />
  );
}
