import { NumberInput, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAutomationNames } from "../../../../components/useAutomationNames";
import { Entries } from "./Entries";
import { Cel, Value } from "./FlowFields";
import { ForEach, Repeat } from "./LoopForms";
import { NamedValues } from "./NamedValues";
import type { StepFormProps } from "./StepPanel";
import { UNSET } from "./rules";
import type { Json } from "../draft/model";

/** The keys of a step that belongs to the flow. */
export function FlowStepForm(props: StepFormProps) {
  switch (props.place.step.type) {
    case "condition":
      return <Entries {...props} list="branches" beginning={{ when: UNSET, steps: [] }} />;
    case "switch":
      return (
        <>
          <Cel {...props} path={["value"]} label="value" />
          <Entries {...props} list="cases" beginning={{ steps: [] }} />
        </>
      );
    case "for-each":
      return <ForEach {...props} />;
    case "repeat":
      return <Repeat {...props} />;
    case "delay":
      return (
        <Value {...props} path={["seconds"]} label="seconds" schema={{ type: "number" }} required />
      );
    case "wait-until":
      return <Value {...props} path={["at"]} label="at" schema={{ type: "string" }} required />;
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
  const automations = useAutomationNames(projectId);
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
        withAsterisk
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
  const { place, set, faultOf } = props;
  const { t } = useTranslation();
  return (
    <>
      <Select
        label={t("automations.field_status")}
        allowDeselect={false}
        error={faultOf(["status"])}
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
