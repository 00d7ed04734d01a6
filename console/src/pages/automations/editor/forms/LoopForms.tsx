import { Fieldset, NumberInput, Switch, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Cel, Value } from "./FlowFields";
import type { StepFormProps } from "./StepPanel";
import { When } from "./When";
import { type Path, getIn } from "../draft/model";

/** Names that the language has for itself; no loop may give them to what it hands its steps. */
const RESERVED = ["data", "event", "run", "steps", "vars", "callbacks"];
const PARALLEL = 50;
const TIMES = 10_000;

/** A loop over the items of a list. */
export function ForEach(props: StepFormProps) {
  const isCarrying = props.place.step.carry !== undefined;
  return (
    <>
      <Cel {...props} path={["items"]} label="items" />
      <Called {...props} path={["itemName"]} otherwise="item" />
      <Called {...props} path={["indexName"]} otherwise="index" />
      {!isCarrying && <Count {...props} path={["parallelism"]} otherwise={1} max={PARALLEL} />}
      <Carry {...props} />
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

/** Steps that run again until a condition holds. */
export function Repeat(props: StepFormProps) {
  return (
    <>
      <When {...props} path={["until"]} label="until" />
      <Count {...props} path={["maxTimes"]} otherwise={100} max={TIMES} />
      <Called {...props} path={["indexName"]} otherwise="index" />
      <Carry {...props} />
      <Value
        {...props}
        path={["output"]}
        label="output"
        schema={{}}
        hint="automations.repeatOutputHint"
      />
    </>
  );
}

/** A value that each round hands to the next. */
function Carry(props: StepFormProps) {
  const { place, set } = props;
  const { t } = useTranslation();
  const isOn = place.step.carry !== undefined;
  return (
    <Fieldset legend={t("automations.field_carry")}>
      <Switch
        label={t("automations.carryOn")}
        description={t("automations.carryHint")}
        checked={isOn}
        onChange={({ currentTarget: { checked } }) => {
          set(["carry"], checked ? { start: 0, next: "{{ carry }}" } : undefined);
          // One item hands its value to the next: none can be taken at the same time.
          if (checked) set(["parallelism"], undefined);
        }}
        mb={isOn ? "sm" : 0}
      />
      {isOn && (
        <>
          <Value {...props} path={["carry", "start"]} label="carryStart" schema={{}} />
          <Value {...props} path={["carry", "next"]} label="carryNext" schema={{}} required />
          <Called {...props} path={["carry", "name"]} otherwise="carry" />
        </>
      )}
    </Fieldset>
  );
}

/** What expressions inside the loop call something. */
function Called({
  place,
  set,
  faultOf,
  path,
  otherwise,
}: StepFormProps & { path: Path; otherwise: string }) {
  const { t } = useTranslation();
  const value = String(getIn(place.step, path) ?? "");
  return (
    <TextInput
      label={t(`automations.field_${path.join("_")}`)}
      description={t("automations.calledHint", { name: otherwise })}
      error={faultOf(path) ?? (RESERVED.includes(value) ? t("editor.reserved") : undefined)}
      value={value}
      onChange={(event) => set(path, event.currentTarget.value || undefined)}
    />
  );
}

function Count({
  place,
  set,
  faultOf,
  path,
  otherwise,
  max,
}: StepFormProps & { path: Path; otherwise: number; max: number }) {
  const { t } = useTranslation();
  return (
    <NumberInput
      label={t(`automations.field_${path.join("_")}`)}
      min={1}
      max={max}
      clampBehavior="none"
      allowDecimal={false}
      error={faultOf(path)}
      value={Number(getIn(place.step, path) ?? otherwise)}
      onChange={(value) => set(path, value === "" ? undefined : value)}
    />
  );
}
