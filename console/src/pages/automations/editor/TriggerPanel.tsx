import { Alert, Select, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { ConnectionSwitch } from "./AppStepForm";
import { SchemaForm } from "./SchemaForm";
import { ValueField } from "./ValueField";
import { type Catalogue, appOf, outputSchemas, triggerOf, useAppViews, useApps } from "./catalogue";
import { faultAt } from "./faults";
import {
  type Json,
  type JsonObject,
  type Path,
  type Trigger,
  formatPath,
  getIn,
  setIn,
} from "./model";
import { type Schema, sourcesAt } from "./sources";
import type { Draft } from "./useDraft";

const MANUAL = "manual";
const TRIGGER = "trigger";

interface Props {
  draft: Draft;
  catalogue: Catalogue;
  faults: Fault[];
}

/** What starts the automation: a call of the API, or an event of an app. */
export function TriggerPanel({ draft, catalogue, faults }: Props) {
  const { t } = useTranslation();
  const { definition } = draft;
  const trigger = definition.trigger;
  const apps = useApps();
  const withTriggers = apps.data?.items.filter((app) => app.triggerCount > 0) ?? [];
  const all = useAppViews(withTriggers.map((app) => app.key));
  const described = triggerOf(catalogue, trigger?.component) ?? triggerOf(all, trigger?.component);
  const app = catalogue.apps.get(appOf(trigger?.component));
  const set = (path: Path, value: Json | undefined) =>
    draft.edit(
      (before) => setIn(before, [TRIGGER, ...path], value),
      `${TRIGGER}.${formatPath(path)}`,
    );
  const choose = (key: string | null) => {
    if (key === null) return;
    const next: Trigger =
      key === MANUAL
        ? { type: MANUAL, input: { type: "object" } }
        : { type: "app", component: key, inputs: {}, replaceEndUserConnection: true };
    draft.edit((before) => setIn(before, [TRIGGER], next));
  };
  const general = faults.filter((fault) => !fault.path.startsWith(`${TRIGGER}.in`));
  return (
    <Stack component="section" aria-label={t("automations.trigger")}>
      <Title order={2}>{t("automations.trigger")}</Title>
      {general.map((fault) => (
        <Alert key={fault.path + fault.message} color="orange">
          {fault.message}
        </Alert>
      ))}
      <Select
        label={t("automations.triggerKind")}
        searchable
        allowDeselect={false}
        data={[
          { value: MANUAL, label: t("automations.triggerManual") },
          ...withTriggers.map(({ key, name }) => ({
            group: name,
            items: (all.apps.get(key)?.triggers ?? []).map((one) => ({
              value: one.key,
              label: one.name,
            })),
          })),
        ]}
        value={!trigger ? null : trigger.type === MANUAL ? MANUAL : String(trigger.component)}
        onChange={choose}
      />
      {trigger?.type === MANUAL && (
        <>
          <Text size="sm" c="dimmed">
            {t("automations.triggerManualText")}
          </Text>
          <ValueField
            label={t("automations.inputSchema")}
            schema={{ description: t("automations.inputSchemaHint") }}
            value={trigger.input}
            error={faultAt(faults, [TRIGGER, "input"])}
            sources={[]}
            onChange={(value) => set(["input"], value)}
          />
        </>
      )}
      {trigger?.type === "app" && (
        <>
          <Text size="sm" c="dimmed">
            {described?.description ?? String(trigger.component)}
          </Text>
          {app && app.authType !== "none" && (
            <ConnectionSwitch
              isOn={trigger.replaceEndUserConnection !== false}
              onChange={(isOn) => set(["replaceEndUserConnection"], isOn)}
            />
          )}
          <SchemaForm
            schema={described?.inputSchema as Schema | undefined}
            value={(getIn(trigger, ["inputs"]) ?? {}) as JsonObject}
            path={[TRIGGER, "inputs"]}
            faults={faults}
            sources={sourcesAt(definition, [TRIGGER], outputSchemas(catalogue))}
            onChange={(name, value) => set(["inputs", name], value)}
          />
        </>
      )}
    </Stack>
  );
}
