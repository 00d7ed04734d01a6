import { ActionIcon, Group, Stack, TextInput, Title } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../../api/client";
import { AppStepForm } from "./AppStepForm";
import { FaultsBeside } from "./FaultsBeside";
import { FlowStepForm } from "./FlowStepForm";
import { OnErrorForm } from "./OnErrorForm";
import { labelOf } from "../flow/StepList";
import { MoveTo, StepId } from "./StepPlace";
import { StepTest } from "../test/StepTest";
import { type Catalogue, componentOf, outputSchemas } from "../draft/catalogue";
import { faultAt, faultsBeside } from "../draft/faults";
import {
  type Json,
  type Path,
  type Place,
  duplicate,
  find,
  formatPath,
  move,
  setIn,
} from "../draft/model";
import { type Samples, useSamples } from "../data/samples";
import { type Schema, type Source, sourcesAt } from "../data/sources";
import { fieldsOf } from "./stepFields";
import { StepRun } from "../test/StepRun";
import type { Draft } from "../draft/useDraft";

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
  samples: Samples;
  /** Sets a value inside the step; `undefined` removes it. */
  set: (path: Path, value: Json | undefined) => void;
  sources: (path: Path) => Source[];
  faultOf: (path: Path) => string | undefined;
}

/** The form of one step. */
export function StepPanel(props: Props) {
  const { projectId, automationId, draft, place, catalogue, faults } = props;
  const { t } = useTranslation();
  const { step, path } = place;
  const { definition } = draft;
  const schemas = outputSchemas(catalogue);
  const samples = useSamples({ projectId, automationId });
  const form: StepFormProps = {
    ...props,
    samples,
    set: (inner, value) =>
      draft.edit(
        (before) => {
          const now = find(before, step.id);
          return now ? setIn(before, [...now.path, ...inner], value) : before;
        },
        `${step.id}.${formatPath(inner)}`,
      ),
    sources: (inner) => sourcesAt(definition, [...path, ...inner], schemas, samples),
    faultOf: (inner) => faultAt(faults, [...path, ...inner]),
  };
  const inputs = componentOf(catalogue, step.component)?.inputSchema as Schema | undefined;
  const fields = fieldsOf(step, inputs).map((field) => [...path, ...field]);
  return (
    <Stack component="section" aria-label={labelOf(step)}>
      <Actions {...form} />
      <FaultsBeside faults={faultsBeside(faults, fields)} />
      <StepRun stepId={step.id} />
      <TextInput
        label={t("automations.stepName")}
        maxLength={200}
        value={typeof step.name === "string" ? step.name : ""}
        error={form.faultOf(["name"])}
        onChange={(event) => form.set(["name"], event.currentTarget.value || undefined)}
      />
      {step.type === "app" ? <AppStepForm {...form} /> : <FlowStepForm {...form} />}
      <StepTest {...form} />
      <OnErrorForm {...form} />
      <StepId {...form} />
      <MoveTo {...form} />
    </Stack>
  );
}

/** What is done with the whole step. */
function Actions({ draft, place, onDelete }: Props) {
  const { t } = useTranslation();
  const { step } = place;
  return (
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
          disabled={move(draft.definition, step.id, 1) === draft.definition}
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
  );
}
