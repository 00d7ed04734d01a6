import { Alert, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { ValueField } from "./ValueField";
import { faultAt } from "./faults";
import type { Json, JsonObject, Path } from "./model";
import type { Schema, Source } from "./sources";

interface Props {
  schema: Schema | undefined;
  value: JsonObject;
  /** Where the value stands in the definition; faults are looked up there. */
  path: Path;
  faults: Fault[];
  sources: Source[];
  onChange: (name: string, value: Json | undefined) => void;
}

/** A form of the properties of a JSON Schema, and of what stands there without being known. */
export function SchemaForm({ schema, value, path, faults, sources, onChange }: Props) {
  const { t } = useTranslation();
  const properties = (schema?.properties ?? {}) as Record<string, Schema>;
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const unknown = Object.keys(value).filter((name) => !(name in properties));
  const all: [string, Schema][] = [
    ...Object.entries(properties),
    ...unknown.map((name): [string, Schema] => [name, {}]),
  ];
  return (
    <Stack gap="sm">
      {all.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("automations.noInputs")}
        </Text>
      )}
      {unknown.length > 0 && schema && (
        <Alert color="orange">
          {t("automations.unknownInputs", { names: unknown.join(", ") })}
        </Alert>
      )}
      {all.map(([name, field]) => (
        <ValueField
          key={name}
          label={typeof field.title === "string" ? field.title : name}
          schema={field}
          required={required.includes(name)}
          value={value[name]}
          error={faultAt(faults, [...path, name])}
          sources={sources}
          onChange={(next) => onChange(name, next)}
        />
      ))}
    </Stack>
  );
}
