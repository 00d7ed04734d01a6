import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { StepFormProps } from "./StepPanel";
import { TextValue } from "./TextValue";
import { ValueField } from "./ValueField";
import { type Path, getIn } from "../draft/model";
import type { Schema } from "../data/sources";

interface Named {
  path: Path;
  /** Of the text: `automations.field_<label>`. */
  label: string;
}

/** An expression that stands bare; the run needs it. */
export function Cel({ place, set, sources, faultOf, path, label }: StepFormProps & Named) {
  const { t } = useTranslation();
  const [wasLeft, setLeft] = useState(false);
  const value = String(getIn(place.step, path) ?? "");
  const fault = faultOf(path);
  return (
    <TextValue
      label={t(`automations.field_${label}`)}
      description={t("automations.celHint")}
      kind="bare"
      withAsterisk
      value={value}
      error={value === "" && (wasLeft || fault) ? t("editor.needed") : fault}
      sources={sources(path)}
      onBlur={() => setLeft(true)}
      onChange={(text) => set(path, text)}
    />
  );
}

/** A value that may hold expressions. */
export function Value(
  props: StepFormProps & Named & { schema: Schema; hint?: string; required?: boolean },
) {
  const { place, set, sources, faultOf, path, label, schema, hint, required } = props;
  const { t } = useTranslation();
  return (
    <ValueField
      label={t(`automations.field_${label}`)}
      schema={hint ? { ...schema, description: t(hint) } : schema}
      required={required}
      value={getIn(place.step, path)}
      error={faultOf(path)}
      sources={sources(path)}
      onChange={(value) => set(path, value)}
    />
  );
}
