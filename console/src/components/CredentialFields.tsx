import { PasswordInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "../api/schema";

export type CredentialField = components["schemas"]["CredentialInfoField"];
export type Values = Record<string, string>;

interface Props {
  fields: CredentialField[];
  values: Values;
  errors: Partial<Record<string, ReactNode>>;
  /** Names of fields whose value is kept when they are left empty. */
  kept?: string[];
  keptHint?: string;
  onChange: (name: string, value: string) => void;
}

/** Whether a field belongs to the form while the others have these values. */
export function isShown(field: CredentialField, values: Values): boolean {
  if (field.show === false) return false;
  return !field.showWhen || values[field.showWhen.key] === String(field.showWhen.value);
}

/** The form that an app describes (CredentialInfoField of the contract). */
export function CredentialFields({ fields, values, errors, kept, keptHint, onChange }: Props) {
  return (
    <Stack gap="sm">
      {fields
        .filter((field) => isShown(field, values))
        .map((field) => {
          const isKept = kept?.includes(field.name) ?? false;
          const common = {
            label: field.label ?? field.name,
            description: field.desc,
            error: errors[field.name],
            withAsterisk: !field.isOptional && !isKept,
            value: values[field.name] ?? "",
            placeholder: isKept ? keptHint : undefined,
          };
          const change = (event: { currentTarget: { value: string } }) =>
            onChange(field.name, event.currentTarget.value);
          if (field.type === "select") {
            return (
              <Select
                key={field.name}
                {...common}
                value={values[field.name] ?? null}
                data={field.options ?? []}
                onChange={(value) => onChange(field.name, value ?? "")}
              />
            );
          }
          if (field.type === "textarea") {
            return <Textarea key={field.name} {...common} autosize minRows={3} onChange={change} />;
          }
          if (field.type === "password") {
            return (
              <PasswordInput
                key={field.name}
                {...common}
                autoComplete="new-password"
                onChange={change}
              />
            );
          }
          return (
            <TextInput key={field.name} {...common} type={field.type ?? "text"} onChange={change} />
          );
        })}
    </Stack>
  );
}
