import { Button, Input, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Cel } from "./FlowFields";
import { RuleRow } from "./RuleRow";
import type { StepFormProps } from "./StepPanel";
import { type Path, getIn } from "../draft/model";
import { type Rule, type Rules, celOf, rulesOf } from "./rules";

const NEW: Rule = { left: "", operator: "==", right: "" };

/** When a branch runs: rules that are clicked together, or an expression. */
export function When(props: StepFormProps & { path: Path }) {
  const { place, faultOf, path } = props;
  const { t } = useTranslation();
  const text = String(getIn(place.step, path) ?? "");
  const fault = faultOf(path);
  const rules = rulesOf(text);
  // What is faulty is shown as it was typed, unless it is just being clicked together.
  const [wanted, setWanted] = useState<"rules" | "text">(rules && !fault ? "rules" : "text");
  const mode = wanted === "rules" && rules ? "rules" : "text";
  return (
    <Stack gap="xs">
      <SegmentedControl
        size="xs"
        aria-label={t("editor.whenAs")}
        data={(["rules", "text"] as const).map((value) => ({
          value,
          label: t(`editor.when_${value}`),
          disabled: value === "rules" && !rules,
        }))}
        value={mode}
        onChange={(value) => setWanted(value as "rules" | "text")}
      />
      {mode === "text" ? (
        <Cel {...props} label="when" />
      ) : (
        rules && <RuleList {...props} rules={rules} text={text} fault={fault} />
      )}
    </Stack>
  );
}

function RuleList({
  rules,
  text,
  fault,
  set,
  sources,
  path,
}: StepFormProps & { path: Path; rules: Rules; text: string; fault: string | undefined }) {
  const { t } = useTranslation();
  // Rules that are not complete yet are kept here; the draft has the others.
  const [typed, setTyped] = useState(rules);
  const shown = celOf(typed) === text ? typed : rules;
  const change = (next: Rules) => {
    setTyped(next);
    set(path, celOf(next));
  };
  return (
    <Stack gap="xs" role="group" aria-label={t("automations.field_when")}>
      {shown.rows.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("editor.always")}
        </Text>
      )}
      {shown.rows.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label={t("editor.join")}
          data={[
            { value: "&&", label: t("editor.joinAll") },
            { value: "||", label: t("editor.joinAny") },
          ]}
          value={shown.join}
          onChange={(join) => change({ ...shown, join: join as Rules["join"] })}
        />
      )}
      {shown.rows.map((rule, index) => (
        <RuleRow
          key={index}
          number={index + 1}
          rule={rule}
          sources={sources(path)}
          onChange={(next) => change({ ...shown, rows: shown.rows.with(index, next) })}
          onRemove={() => change({ ...shown, rows: shown.rows.toSpliced(index, 1) })}
        />
      ))}
      {fault && <Input.Error role="alert">{fault}</Input.Error>}
      <Button
        size="xs"
        variant="default"
        onClick={() => setTyped({ ...shown, rows: [...shown.rows, NEW] })}
      >
        {t("editor.addRule")}
      </Button>
    </Stack>
  );
}
