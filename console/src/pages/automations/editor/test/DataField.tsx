import { MultiSelect, NumberInput, Select, TextInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { numberOf, stringify } from "../../../../api/json";
import { choicesOf, read, widgetOf, written } from "../forms/fields";
import type { Json } from "../draft/model";
import type { Schema } from "../data/sources";

interface Props {
  name: string;
  schema: Schema;
  required: boolean;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** The field of one value that a run begins with: values only, nothing is computed. */
export function DataField({ name, schema, required, value, onChange }: Props) {
  const { t } = useTranslation();
  const label = typeof schema.title === "string" ? schema.title : name;
  const description = typeof schema.description === "string" ? schema.description : undefined;
  const common = { label, description, withAsterisk: required };
  const clear = {
    clearable: true,
    clearButtonProps: { "aria-label": t("automations.clear", { label }) },
  };
  switch (widgetOf(schema)) {
    case "number":
      return (
        <NumberInput
          {...common}
          allowDecimal={schema.type !== "integer"}
          value={typeof value === "number" || typeof value === "bigint" ? String(value) : ""}
          onChange={(next) => onChange(next === "" ? undefined : numberOf(next))}
        />
      );
    case "boolean":
      return (
        <Select
          {...common}
          {...clear}
          data={["true", "false"].map((one) => ({ value: one, label: t(`automations.${one}`) }))}
          value={typeof value === "boolean" ? String(value) : null}
          onChange={(next) => onChange(next === null ? undefined : next === "true")}
        />
      );
    case "choice": {
      const choices = choicesOf(schema);
      return (
        <Select
          {...common}
          {...clear}
          data={choices.map(({ text }) => text)}
          value={choices.find((choice) => choice.value === value)?.text ?? null}
          onChange={(next) => onChange(choices.find(({ text }) => text === next)?.value)}
        />
      );
    }
    case "choices":
      return (
        <MultiSelect
          {...common}
          data={choicesOf(schema.items as Schema).map(({ text }) => text)}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(next) => onChange(next.length > 0 ? next : undefined)}
        />
      );
    case "json":
      return <JsonField {...common} value={value} onChange={onChange} />;
    default: {
      const type = schema.format === "date" ? "date" : schema.format === "email" ? "email" : "text";
      return (
        <TextInput
          {...common}
          type={type}
          value={typeof value === "string" ? value : written(value)}
          onChange={({ currentTarget: { value: text } }) =>
            onChange(text === "" && !required ? undefined : text)
          }
        />
      );
    }
  }
}

/** Any other value, as JSON; what is no JSON counts as text. */
function JsonField({
  value,
  onChange,
  ...common
}: Pick<Props, "value" | "onChange"> & { label: string }) {
  const [typed, setTyped] = useState(() => written(value));
  const isSame = stringify(read(typed)) === stringify(value);
  return (
    <Textarea
      {...common}
      autosize
      minRows={2}
      maxRows={10}
      spellCheck={false}
      styles={{ input: { fontFamily: "monospace" } }}
      value={isSame ? typed : written(value)}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        onChange(read(event.currentTarget.value));
      }}
    />
  );
}
