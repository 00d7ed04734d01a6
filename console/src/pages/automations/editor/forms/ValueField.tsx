import { ActionIcon, Group, MultiSelect, NumberInput, Select, Tooltip } from "@mantine/core";
import { IconMathFunction } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { numberOf, stringify } from "../../../../api/json";
import { OptionField } from "../options/OptionField";
import { TextValue } from "./TextValue";
import classes from "../editor.module.css";
import { canShow, choicesOf, read, widgetOf, written } from "./fields";
import type { Json } from "../draft/model";
import { isSavedSecret, withoutSecrets } from "../draft/secrets";
import type { Asked } from "../options/options";
import type { Schema, Source } from "../data/sources";

interface Props {
  label: string;
  schema: Schema;
  required?: boolean;
  value: Json | undefined;
  error?: string;
  sources: Source[];
  /** Set where the app itself tells what can be chosen. */
  asked?: Asked;
  onChange: (value: Json | undefined) => void;
}

/** The field of one value of a JSON Schema; the value may be an expression instead. */
export function ValueField(given: Props) {
  const { t } = useTranslation();
  const { label, schema, value, required, asked, onChange } = given;
  const [isForced, setForced] = useState(false);
  const [wasLeft, setLeft] = useState(false);
  const isMissing = required && (value === undefined || value === "");
  const props: Props = {
    ...given,
    error: given.error ?? (wasLeft && isMissing ? t("editor.needed") : undefined),
  };
  const widget = asked ? "options" : widgetOf(schema);
  if (widget === "text" || widget === "long" || widget === "json")
    return (
      <div onBlur={() => setLeft(true)}>
        {widget === "json" && !isSavedSecret(value) ? (
          <JsonText {...props} />
        ) : (
          <PlainText {...props} />
        )}
      </div>
    );
  if (isSavedSecret(value)) return <PlainText {...props} />;
  const isComputed = isForced || !canShow(widget, value);
  const toggle = () => {
    setForced(!isComputed);
    if (isComputed && !canShow(widget, value)) onChange(undefined);
  };
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap" onBlur={() => setLeft(true)}>
      <div className={classes.words}>
        {!isComputed ? (
          <Fixed {...props} />
        ) : schema.type === "string" ? (
          <PlainText {...props} kind="whole" />
        ) : (
          <JsonText {...props} />
        )}
      </div>
      <Tooltip label={isComputed ? t("automations.asValue") : t("automations.asExpression")}>
        <ActionIcon
          mt={26}
          size="lg"
          variant={isComputed ? "light" : "default"}
          aria-pressed={isComputed}
          aria-label={t("automations.expressionOf", { label })}
          onClick={toggle}
        >
          <IconMathFunction size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function frame({ label, schema, required, error }: Props) {
  const { description } = schema;
  return {
    label,
    // Required is what the run needs; an unfinished draft is saved without it.
    withAsterisk: required ?? false,
    error,
    description: typeof description === "string" ? description : undefined,
  };
}

function common(t: TFunction, props: Props) {
  const { examples } = props.schema;
  const { default: usual } = props.schema;
  const example = Array.isArray(examples) ? examples[0] : undefined;
  const isTold = (value: Json | undefined): value is Json => value !== undefined && value !== null;
  return {
    ...frame(props),
    // In words, so that nobody takes it for what is entered.
    placeholder: isTold(usual)
      ? t("editor.usual", { value: written(usual) })
      : isTold(example)
        ? t("editor.example", { value: written(example) })
        : undefined,
  };
}

function PlainText(props: Props & { kind?: "text" | "whole" }) {
  const { t } = useTranslation();
  const { value, required, onChange, sources, kind = "text" } = props;
  const isSaved = isSavedSecret(value);
  return (
    <TextValue
      {...common(t, props)}
      {...(isSaved && { placeholder: t("editor.savedSecret") })}
      kind={kind}
      sources={sources}
      value={isSaved ? "" : typeof value === "string" ? value : written(value)}
      onChange={(text) => onChange(text === "" && !required ? undefined : text)}
    />
  );
}

function JsonText(props: Props) {
  const { t } = useTranslation();
  const { value, onChange, sources } = props;
  const [typed, setTyped] = useState(() => written(value));
  const isSame = stringify(read(typed)) === stringify(value);
  const shared = common(t, props);
  const hasSecrets = value !== undefined && withoutSecrets(value).secrets.length > 0;
  return (
    <TextValue
      {...shared}
      {...(hasSecrets && {
        description: [shared.description, t("editor.savedSecretInside")].filter(Boolean).join(" "),
      })}
      sources={sources}
      kind="value"
      value={isSame ? typed : written(value)}
      onChange={(text) => {
        setTyped(text);
        onChange(read(text));
      }}
    />
  );
}

function Fixed(props: Props) {
  const { t } = useTranslation();
  const { schema, value, onChange, label, asked } = props;
  const clear = { "aria-label": t("automations.clear", { label }) };
  if (asked)
    return (
      <OptionField
        asked={asked}
        isMany={schema.type === "array"}
        value={value}
        onChange={onChange}
        frame={frame(props)}
      />
    );
  switch (widgetOf(schema)) {
    case "number":
      return (
        <NumberInput
          {...common(t, props)}
          allowDecimal={schema.type !== "integer"}
          value={typeof value === "object" || value === undefined ? "" : String(value)}
          onChange={(next) => onChange(next === "" ? undefined : numberOf(next))}
        />
      );
    case "boolean":
      return (
        <Select
          {...common(t, props)}
          clearable
          clearButtonProps={clear}
          data={["true", "false"].map((one) => ({ value: one, label: t(`automations.${one}`) }))}
          value={typeof value === "boolean" ? String(value) : null}
          onChange={(next) => onChange(next === null ? undefined : next === "true")}
        />
      );
    case "choices": {
      const items = choicesOf(schema.items as Schema);
      return (
        <MultiSelect
          {...common(t, props)}
          data={items.map(({ text }) => text)}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(next) => onChange(next.length > 0 ? next : undefined)}
        />
      );
    }
    default: {
      const choices = choicesOf(schema);
      const chosen = choices.find((choice) => choice.value === value);
      return (
        <Select
          {...common(t, props)}
          clearable
          clearButtonProps={clear}
          searchable={choices.length > 8}
          data={choices.map(({ text }) => text)}
          value={chosen?.text ?? null}
          onChange={(next) => onChange(choices.find((choice) => choice.text === next)?.value)}
        />
      );
    }
  }
}
