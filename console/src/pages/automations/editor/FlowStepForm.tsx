import { Button, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../../api/client";
import { NamedValues } from "./NamedValues";
import type { StepFormProps } from "./StepPanel";
import { TextValue } from "./TextValue";
import { ValueField } from "./ValueField";
import { type Json, type JsonObject, type Path, getIn } from "./model";
import type { Schema } from "./sources";

/** The keys of a step that belongs to the flow. */
export function FlowStepForm(props: StepFormProps) {
  switch (props.place.step.type) {
    case "condition":
      return <Entries {...props} list="branches" beginning={{ when: "true", steps: [] }} />;
    case "switch":
      return (
        <>
          <Cel {...props} path={["value"]} label="value" />
          <Entries {...props} list="cases" beginning={{ equals: "", steps: [] }} />
        </>
      );
    case "for-each":
      return <Loop {...props} />;
    case "delay":
      return <Value {...props} path={["seconds"]} label="seconds" schema={{ type: "number" }} />;
    case "wait-until":
      return <Value {...props} path={["at"]} label="at" schema={{ type: "string" }} />;
    case "approval":
      return (
        <>
          <Value
            {...props}
            path={["who"]}
            label="who"
            schema={{ type: "string", maxLength: 200 }}
          />
          <Value {...props} path={["message"]} label="message" schema={{ type: "string" }} />
          <Seconds {...props} />
        </>
      );
    case "callback":
      return <Seconds {...props} />;
    case "call":
      return <Call {...props} />;
    case "set":
      return <NamedValues {...props} path={["values"]} />;
    case "stop":
      return <Stop {...props} />;
    default:
      return null;
  }
}

interface Named {
  path: Path;
  /** Of the text: `automations.field_<label>`. */
  label: string;
}

function Cel({ place, set, sources, faultOf, path, label }: StepFormProps & Named) {
  const { t } = useTranslation();
  return (
    <TextValue
      label={t(`automations.field_${label}`)}
      description={t("automations.celHint")}
      bare
      value={String(getIn(place.step, path) ?? "")}
      error={faultOf(path)}
      sources={sources(path)}
      onChange={(text) => set(path, text)}
    />
  );
}

function Value(props: StepFormProps & Named & { schema: Schema; hint?: string }) {
  const { place, set, sources, faultOf, path, label, schema, hint } = props;
  const { t } = useTranslation();
  return (
    <ValueField
      label={t(`automations.field_${label}`)}
      schema={hint ? { ...schema, description: t(hint) } : schema}
      value={getIn(place.step, path)}
      error={faultOf(path)}
      sources={sources(path)}
      onChange={(value) => set(path, value)}
    />
  );
}

/** The branches of a condition, or the cases of a switch. */
function Entries(props: StepFormProps & { list: "branches" | "cases"; beginning: JsonObject }) {
  const { place, set, list, beginning } = props;
  const { t } = useTranslation();
  const entries = (getIn(place.step, [list]) ?? []) as JsonObject[];
  return (
    <Stack>
      {entries.map((entry, index) => (
        <Stack
          key={index}
          gap="xs"
          role="group"
          aria-label={t(`automations.${list}_one`, { number: index + 1 })}
        >
          <TextInput
            label={t(`automations.${list}_name`, { number: index + 1 })}
            maxLength={200}
            value={String(entry.name ?? "")}
            onChange={(event) => set([list, index, "name"], event.currentTarget.value || undefined)}
          />
          {list === "branches" ? (
            <Cel {...props} path={[list, index, "when"]} label="when" />
          ) : (
            <Equals {...props} path={[list, index, "equals"]} />
          )}
          {entries.length > 1 && (
            <Button
              size="xs"
              variant="subtle"
              color="red"
              onClick={() => set([list], entries.toSpliced(index, 1))}
            >
              {t(`automations.${list}_remove`, { number: index + 1 })}
            </Button>
          )}
        </Stack>
      ))}
      <Button variant="default" onClick={() => set([list], [...entries, beginning])}>
        {t(`automations.${list}_add`)}
      </Button>
    </Stack>
  );
}

/** What a case equals is a value of its own, no template. */
function Equals({ place, set, faultOf, path }: StepFormProps & { path: Path }) {
  const { t } = useTranslation();
  return (
    <ValueField
      label={t("automations.field_equals")}
      schema={{ description: t("automations.equalsHint") }}
      value={getIn(place.step, path)}
      error={faultOf(path)}
      sources={[]}
      onChange={(value) => set(path, value ?? "")}
    />
  );
}

function Loop(props: StepFormProps) {
  const { place, set, faultOf } = props;
  const { t } = useTranslation();
  const name = (key: "itemName" | "indexName", otherwise: string) => (
    <TextInput
      label={t(`automations.field_${key}`)}
      placeholder={otherwise}
      error={faultOf([key])}
      value={String(place.step[key] ?? "")}
      onChange={(event) => set([key], event.currentTarget.value || undefined)}
    />
  );
  return (
    <>
      <Cel {...props} path={["items"]} label="items" />
      {name("itemName", "item")}
      {name("indexName", "index")}
      <NumberInput
        label={t("automations.field_parallelism")}
        min={1}
        max={50}
        allowDecimal={false}
        error={faultOf(["parallelism"])}
        value={Number(place.step.parallelism ?? 1)}
        onChange={(value) => set(["parallelism"], value === "" ? undefined : value)}
      />
      <Value
        {...props}
        path={["output"]}
        label="output"
        schema={{}}
        hint="automations.outputHint"
      />
    </>
  );
}

function Seconds({ place, set, faultOf }: StepFormProps) {
  const { t } = useTranslation();
  const value = place.step.expiresIn;
  return (
    <NumberInput
      label={t("automations.field_expiresIn")}
      description={t("automations.expiresInHint")}
      min={1}
      error={faultOf(["expiresIn"])}
      value={typeof value === "number" ? value : ""}
      onChange={(next) => set(["expiresIn"], next === "" ? undefined : (next as Json))}
    />
  );
}

function Call(props: StepFormProps) {
  const { projectId, automationId, place, set, faultOf } = props;
  const { t } = useTranslation();
  const automations = useQuery({
    queryKey: ["projects", projectId, "automation-names"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { limit: 200 } },
        }),
      ),
  });
  const callable =
    automations.data?.items.filter(
      ({ id, publishedVersion }) => id !== automationId && publishedVersion !== null,
    ) ?? [];
  return (
    <>
      <Select
        label={t("automations.field_automationId")}
        description={t("automations.callHint")}
        searchable
        data={callable.map(({ id, name }) => ({ value: id, label: name }))}
        value={String(place.step.automationId ?? "") || null}
        error={faultOf(["automationId"])}
        onChange={(value) => set(["automationId"], value ?? "")}
      />
      <NamedValues {...props} path={["data"]} />
    </>
  );
}

function Stop(props: StepFormProps) {
  const { place, set } = props;
  const { t } = useTranslation();
  return (
    <>
      <Select
        label={t("automations.field_status")}
        allowDeselect={false}
        data={["completed", "error"].map((value) => ({
          value,
          label: t(`automations.run_${value}`),
        }))}
        value={place.step.status === "error" ? "error" : "completed"}
        onChange={(value) => set(["status"], value ?? "completed")}
      />
      <Value {...props} path={["message"]} label="message" schema={{ type: "string" }} />
      <Value {...props} path={["result"]} label="result" schema={{}} />
    </>
  );
}
