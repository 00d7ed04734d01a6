import { Alert, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../../api/client";
import { ValueField } from "./ValueField";
import type { Component, TriggerOfApp } from "../draft/catalogue";
import { faultAt } from "../draft/faults";
import type { Json, JsonObject, Path } from "../draft/model";
import { askedOf } from "../options/options";
import type { Schema, Source } from "../data/sources";

interface Props {
  projectId: string;
  /** Absent while the catalogue does not know it. */
  component: Component | TriggerOfApp | undefined;
  value: JsonObject;
  /** Where the value stands in the definition; faults are looked up there. */
  path: Path;
  faults: Fault[];
  sources: Source[];
  onChange: (name: string, value: Json | undefined) => void;
}

/** A form of a component's inputs, and of what stands there without being known. */
export function SchemaForm(props: Props) {
  const { projectId, component, value, path, faults, sources, onChange } = props;
  const { t } = useTranslation();
  const schema = component?.inputSchema as Schema | undefined;
  const properties = (schema?.properties ?? {}) as Record<string, Schema>;
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const unknown = Object.keys(value).filter((name) => !(name in properties));
  const all: [string, Schema][] = [
    ...Object.entries(properties),
    ...unknown.map((name): [string, Schema] => [name, {}]),
  ];
  const asked = (name: string) => {
    const described = component?.options[name];
    return component && described
      ? askedOf(projectId, component.key, name, described, schema, value)
      : undefined;
  };
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
          asked={asked(name)}
          onChange={(next) => onChange(name, next)}
        />
      ))}
    </Stack>
  );
}
