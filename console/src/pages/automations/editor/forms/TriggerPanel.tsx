import { Select, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import type { Fault } from "../../../../api/client";
import { ConnectionSwitch } from "./AppStepForm";
import { FaultsBeside } from "./FaultsBeside";
import { SchemaForm } from "./SchemaForm";
import { ValueField } from "./ValueField";
import {
  type Catalogue,
  appOf,
  outputSchemas,
  triggerOf,
  useAppViews,
  useApps,
} from "../draft/catalogue";
import { faultAt, faultsBeside } from "../draft/faults";
import {
  type Json,
  type JsonObject,
  type Path,
  type Trigger,
  formatPath,
  getIn,
  setIn,
} from "../draft/model";
import { useSamples } from "../data/samples";
import { type Schema, sourcesAt } from "../data/sources";
import { inputFields } from "./stepFields";
import type { Draft } from "../draft/useDraft";

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
  const { id: projectId = "", aid: automationId = "" } = useParams();
  const samples = useSamples({ projectId, automationId });
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
  const isManual = trigger?.type === MANUAL;
  const fields: Path[] = isManual
    ? [[TRIGGER, "input"]]
    : [
        [TRIGGER, "component"],
        ...inputFields(
          [TRIGGER, "inputs"],
          trigger?.inputs,
          described?.inputSchema as Schema | undefined,
        ),
      ];
  return (
    <Stack component="section" aria-label={t("automations.trigger")}>
      <Title order={2}>{t("automations.trigger")}</Title>
      <FaultsBeside faults={faultsBeside(faults, fields)} />
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
        value={!trigger ? null : isManual ? MANUAL : String(trigger.component)}
        error={faultAt(faults, [TRIGGER, "component"])}
        onChange={choose}
      />
      {isManual && (
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
            projectId={projectId}
            component={described}
            value={(getIn(trigger, ["inputs"]) ?? {}) as JsonObject}
            path={[TRIGGER, "inputs"]}
            faults={faults}
            sources={sourcesAt(definition, [TRIGGER], outputSchemas(catalogue), samples)}
            onChange={(name, value) => set(["inputs", name], value)}
          />
        </>
      )}
    </Stack>
  );
}
