import { Button, Group, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useKept } from "../draft/kept";
import { labelOf } from "../flow/StepList";
import type { StepFormProps } from "./StepPanel";
import {
  ID_PATTERN,
  type Path,
  blocksOf,
  find,
  formatPath,
  getIn,
  moveTo,
  rename,
  startsWith,
  walk,
} from "../draft/model";

/** The id by which expressions read the step. */
export function StepId({ draft, place, faultOf, onSelect }: StepFormProps) {
  const { t } = useTranslation();
  const { id } = place.step;
  const [typed, setTyped] = useKept(`${id}.id`, id);
  const isTaken = typed !== id && find(draft.definition, typed) !== undefined;
  const problem = !ID_PATTERN.test(typed)
    ? t("automations.idBad")
    : isTaken
      ? t("automations.idTaken")
      : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (problem || typed === id) return;
        draft.edit((before) => rename(before, id, typed));
        onSelect(typed);
      }}
    >
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <TextInput
          flex={1}
          label={t("automations.stepId")}
          description={t("automations.stepIdHint")}
          value={typed}
          error={problem ?? faultOf(["id"])}
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

/** Puts the step at the end of another list of steps. */
export function MoveTo({ draft, place, onSelect }: StepFormProps) {
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
