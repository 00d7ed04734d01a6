import { ActionIcon, Group, NativeSelect, Stack } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { TextValue } from "./TextValue";
import classes from "./forms.module.css";
import { OPERATORS, type Operator, type Rule, isMixed, missingOf, takesValue } from "./rules";
import type { Source } from "../data/sources";

interface Props {
  number: number;
  rule: Rule;
  sources: Source[];
  onChange: (rule: Rule) => void;
  onRemove: () => void;
}

/** One rule: what is looked at, how, and what it is compared with. */
export function RuleRow({ number, rule, sources, onChange, onRemove }: Props) {
  const { t } = useTranslation();
  const missing = missingOf(rule);
  return (
    <Stack gap="xs" className={classes.rule} role="group" aria-label={t("editor.rule", { number })}>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <div className={classes.grow}>
          <TextValue
            label={t("editor.ruleLeft", { number })}
            kind="bare"
            value={rule.left}
            error={missing.includes("left") && t("editor.ruleMissing")}
            sources={sources}
            onChange={(left) => onChange({ ...rule, left })}
          />
        </div>
        <ActionIcon
          size="lg"
          variant="subtle"
          color="red"
          aria-label={t("editor.removeRule", { number })}
          onClick={onRemove}
        >
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Group>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <NativeSelect
          className={classes.grow}
          label={t("editor.ruleOperator", { number })}
          data={OPERATORS.map((value) => ({ value, label: t(`editor.is_${value}`) }))}
          value={rule.operator}
          onChange={(event) =>
            onChange({ ...rule, operator: event.currentTarget.value as Operator })
          }
        />
        {takesValue(rule.operator) && (
          <div className={classes.grow}>
            <TextValue
              label={t("editor.ruleRight", { number })}
              kind="whole"
              value={rule.right}
              error={
                missing.includes("right")
                  ? t("editor.ruleMissing")
                  : isMixed(rule.right) && t("editor.ruleMixed")
              }
              sources={sources}
              onChange={(right) => onChange({ ...rule, right })}
            />
          </div>
        )}
      </Group>
    </Stack>
  );
}
