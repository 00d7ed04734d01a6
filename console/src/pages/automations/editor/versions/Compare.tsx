import { Group, NativeSelect, SegmentedControl, Skeleton, Stack, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import { Json } from "../../../../components/Json";
import type { Definition } from "../draft/model";
import type { Draft } from "../draft/useDraft";
import { Changes } from "./Changes";
import { useVersion } from "./useVersion";
import classes from "./versions.module.css";

/** Stands for the draft among the numbers of versions. */
export const DRAFT = 0;

interface Props {
  path: { projectId: string; automationId: string };
  draft: Draft;
  numbers: number[];
  pair: Pair;
  onChange: (pair: Pair) => void;
}

export interface Pair {
  before: number;
  after: number;
}

/** The difference of any two versions, or of one and the draft. */
export function Compare({ path, draft, numbers, pair, onChange }: Props) {
  const { t } = useTranslation();
  const [view, setView] = useState("steps");
  const [before, after] = [useSide(path, draft, pair.before), useSide(path, draft, pair.after)];
  const options = [
    { value: String(DRAFT), label: t("versions.draft") },
    ...numbers.map((number) => ({
      value: String(number),
      label: t("versions.number", { version: number }),
    })),
  ];
  return (
    <Stack component="section" aria-label={t("versions.compare")}>
      <Title order={2}>{t("versions.compare")}</Title>
      <Group align="flex-end">
        {(["before", "after"] as const).map((side) => (
          <NativeSelect
            key={side}
            label={t(`versions.${side}`)}
            data={options}
            value={String(pair[side])}
            onChange={(event) => onChange({ ...pair, [side]: Number(event.currentTarget.value) })}
          />
        ))}
        <SegmentedControl
          aria-label={t("versions.view")}
          data={["steps", "json"].map((value) => ({ value, label: t(`versions.view_${value}`) }))}
          value={view}
          onChange={setView}
        />
      </Group>
      <ErrorAlert error={before.error ?? after.error} />
      {!before.definition || !after.definition ? (
        <Skeleton height={160} />
      ) : view === "steps" ? (
        <Changes before={before.definition} after={after.definition} />
      ) : (
        <div className={classes.sides}>
          <Json value={before.definition} label={t("versions.before")} />
          <Json value={after.definition} label={t("versions.after")} />
        </div>
      )}
    </Stack>
  );
}

function useSide(
  path: Props["path"],
  draft: Draft,
  number: number,
): { definition: Definition | null; error: Error | null } {
  const version = useVersion(path, number === DRAFT ? null : number);
  if (number === DRAFT) return { definition: draft.shown, error: null };
  return {
    definition: (version.data?.definition ?? null) as Definition | null,
    error: version.error,
  };
}
