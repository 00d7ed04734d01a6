import { Button, Input, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Cel } from "./FlowFields";
import { RuleRow } from "./RuleRow";
import type { StepFormProps } from "./StepPanel";
import { type Path, getIn } from "../draft/model";
import { EMPTY_RULE, type Rules, celOf, isFinished, rulesOf } from "./rules";

/** When a branch runs, or until when steps are repeated: rules that are clicked together, or an expression. */
export function When(props: StepFormProps & { path: Path; label?: "when" | "until" }) {
  const { place, faultOf, path, label = "when" } = props;
  const { t } = useTranslation();
  const text = String(getIn(place.step, path) ?? "");
  const fault = faultOf(path);
  // While somebody types, the half of a name is no name yet: what was typed counts as long as the
  // draft says the same.
  const [typed, setTyped] = useState<Rules | null>(null);
  const rules = typed && celOf(typed) === text ? typed : rulesOf(text);
  // What is faulty is shown as it was typed, unless it is only not finished.
  const [wanted, setWanted] = useState<"rules" | "text">(
    rules && (!fault || !isFinished(rules)) ? "rules" : "text",
  );
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
        <Cel {...props} label={label} />
      ) : (
        rules && (
          <RuleList
            {...props}
            label={label}
            rules={rules}
            fault={isFinished(rules) ? fault : undefined}
            onChange={(next) => {
              setTyped(next);
              props.set(path, celOf(next));
            }}
          />
        )
      )}
    </Stack>
  );
}

function RuleList({
  rules,
  fault,
  sources,
  path,
  label,
  onChange,
}: StepFormProps & {
  path: Path;
  label: "when" | "until";
  rules: Rules;
  fault: string | undefined;
  onChange: (rules: Rules) => void;
}) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" role="group" aria-label={t(`automations.field_${label}`)}>
      <Input.Label component="div" aria-hidden>
        {t(`automations.field_${label}`)}
      </Input.Label>
      {rules.rows.length === 0 && (
        <Text size="sm" c="dimmed">
          {t(`editor.always_${label}`)}
        </Text>
      )}
      {rules.rows.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label={t("editor.join")}
          data={[
            { value: "&&", label: t("editor.joinAll") },
            { value: "||", label: t("editor.joinAny") },
          ]}
          value={rules.join}
          onChange={(join) => onChange({ ...rules, join: join as Rules["join"] })}
        />
      )}
      {rules.rows.map((rule, index) => (
        <RuleRow
          key={index}
          number={index + 1}
          rule={rule}
          sources={sources(path)}
          onChange={(next) => onChange({ ...rules, rows: rules.rows.with(index, next) })}
          onRemove={() => onChange({ ...rules, rows: rules.rows.toSpliced(index, 1) })}
        />
      ))}
      {fault && <Input.Error role="alert">{fault}</Input.Error>}
      <Button
        size="xs"
        variant="default"
        onClick={() => onChange({ ...rules, rows: [...rules.rows, EMPTY_RULE] })}
      >
        {t("editor.addRule")}
      </Button>
    </Stack>
  );
}
