import { Badge, Code, Group, Stack, Text } from "@mantine/core";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { stringify } from "../../../../api/json";
import { type Catalogue, useAppViews, usedApps } from "../draft/catalogue";
import { RESULT } from "../draft/faults";
import { fieldOf, schemaOf } from "../draft/places";
import { isSavedSecret } from "../draft/secrets";
import { kindOf, labelOfPlace } from "../flow/labels";
import { type Definition, type Json, isShaped, parsePath } from "../draft/model";
import { type Difference, type ValueChange, difference } from "./difference";
import classes from "./versions.module.css";

const COLOURS = { added: "green", removed: "red", changed: "blue", moved: "grape" };

/** What changed between two definitions, step by step and value by value. */
export function Changes({ before, after }: { before: Definition; after: Definition }) {
  const { t } = useTranslation();
  const catalogue = useAppViews(
    isShaped(before) && isShaped(after)
      ? [...new Set([...usedApps(before), ...usedApps(after)])]
      : [],
  );
  if (!isShaped(before) || !isShaped(after))
    return <Text c="dimmed">{t("versions.notComparable")}</Text>;
  const found = difference(before, after);
  if (found.length === 0) return <Text c="dimmed">{t("versions.same")}</Text>;
  return (
    <Stack gap="xs" component="ul" className={classes.changes} aria-label={t("versions.changes")}>
      {found.map((one) => (
        <li key={one.id} className={classes.change}>
          <Group gap="xs">
            <Text fw={600} size="sm">
              {labelOfPlace(t, one.id, one.step)}
            </Text>
            {one.step && (
              <Text size="xs" c="dimmed">
                {kindOf(t, one.step, catalogue)}
              </Text>
            )}
            {kinds(one).map((kind) => (
              <Badge key={kind} variant="light" color={COLOURS[kind]} tt="none">
                {t(`versions.kind_${kind}`)}
              </Badge>
            ))}
          </Group>
          {one.values.map((value) => (
            <Value
              key={value.path}
              change={value}
              name={nameOf(t, one, after, value.path, catalogue)}
            />
          ))}
        </li>
      ))}
    </Stack>
  );
}

function kinds({ kind, isMoved, values }: Difference): (keyof typeof COLOURS)[] {
  if (kind !== "changed") return [kind];
  return [
    ...(isMoved ? (["moved"] as const) : []),
    ...(values.length > 0 ? ([kind] as const) : []),
  ];
}

/** What the value is called in the form of its step. */
function nameOf(
  t: TFunction,
  { id, step }: Difference,
  after: Definition,
  path: string,
  catalogue: Catalogue,
): string {
  if (id === RESULT) return path;
  const holder: Json = step ?? after.trigger ?? null;
  return fieldOf(t, holder, parsePath(path), schemaOf(catalogue, holder));
}

function Value({ change, name }: { change: ValueChange; name: string }) {
  const { t } = useTranslation();
  return (
    <div className={classes.value}>
      {name && (
        <Text size="xs" c="dimmed" title={change.path}>
          {name}
        </Text>
      )}
      <div className={classes.sides}>
        <Side label={t("versions.before")} value={change.before} />
        <Side label={t("versions.after")} value={change.after} />
      </div>
    </div>
  );
}

function Side({ label, value }: { label: string; value: Json | undefined }) {
  const { t } = useTranslation();
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      {value === undefined ? (
        <Text size="xs" fs="italic">
          {t("versions.nothing")}
        </Text>
      ) : (
        <Code block tabIndex={0}>
          {isSavedSecret(value)
            ? t("editor.savedSecret")
            : typeof value === "string"
              ? value
              : stringify(value, 2)}
        </Code>
      )}
    </div>
  );
}
