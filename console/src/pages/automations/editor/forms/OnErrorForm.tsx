import { Checkbox, Fieldset, NumberInput, Select, SimpleGrid, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { StepFormProps } from "./StepPanel";
import { type Json, getIn } from "../draft/model";
import { type Policy, type Retry, policyOf, retryFor, retryOf, waitsOf } from "./retry";

const LIMITS: Record<keyof Retry, { min: number; max: number }> = {
  maxAttempts: { min: 1, max: 100 },
  giveUpAfter: { min: 0, max: 604_800 },
  initialInterval: { min: 0.1, max: 3600 },
  backoff: { min: 1, max: 10 },
  maxInterval: { min: 0.1, max: 86_400 },
};
const SHOWN_WAITS = 6;

/** What happens when a step fails; an action is tried again before. */
export function OnErrorForm({ place, set, faultOf }: StepFormProps) {
  const { t } = useTranslation();
  const { step } = place;
  const action = getIn(step, ["onError", "action"]);
  const written = getIn(step, ["onError", "retry"]);
  const policy = policyOf(written);
  return (
    <Fieldset legend={t("automations.onError")}>
      {step.type === "app" && (
        <>
          <Select
            label={t("editor.retry")}
            description={t("editor.retryHint")}
            allowDeselect={false}
            data={(["usual", "never", "own"] as const).map((value) => ({
              value,
              label: t(`editor.retry_${value}`),
            }))}
            value={policy}
            error={policy === "own" ? undefined : faultOf(["onError", "retry"])}
            onChange={(next) => set(["onError", "retry"], retryFor(next as Policy))}
            mb="sm"
          />
          {policy === "own" && (
            <RetryNumbers
              written={written}
              faultOf={(key) => faultOf(["onError", "retry", key])}
              onChange={(key, value) => set(["onError", "retry", key], value)}
            />
          )}
        </>
      )}
      <Select
        label={step.type === "app" ? t("editor.afterRetries") : t("editor.whenFailed")}
        allowDeselect={false}
        data={["stop", "continue"].map((value) => ({
          value,
          label: t(`automations.onError_${value}`),
        }))}
        value={action === "continue" ? "continue" : "stop"}
        description={action === "continue" ? t("editor.continueHint", { id: step.id }) : undefined}
        error={faultOf(["onError", "action"])}
        onChange={(value) => set(["onError", "action"], value ?? "stop")}
      />
    </Fieldset>
  );
}

function RetryNumbers({
  written,
  faultOf,
  onChange,
}: {
  written: Json | undefined;
  faultOf: (key: keyof Retry | "evenIfUnknown") => string | undefined;
  onChange: (key: keyof Retry | "evenIfUnknown", value: Json | undefined) => void;
}) {
  const { t, i18n } = useTranslation();
  const waits = waitsOf(retryOf(written));
  const seconds = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 });
  const told = waits.slice(0, SHOWN_WAITS).map((wait) => seconds.format(wait));
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {(Object.keys(LIMITS) as (keyof Retry)[]).map((key) => (
          <NumberInput
            key={key}
            label={t(`editor.retry_${key}`)}
            {...LIMITS[key]}
            allowDecimal={key !== "maxAttempts"}
            clampBehavior="none"
            // What is empty counts as the usual.
            value={retryOf(written)[key] ?? ""}
            error={faultOf(key)}
            onChange={(value) => onChange(key, value === "" ? undefined : value)}
          />
        ))}
      </SimpleGrid>
      <Checkbox
        mt="sm"
        label={t("editor.retry_evenIfUnknown")}
        description={t("editor.retry_evenIfUnknownHint")}
        checked={getIn(written, ["evenIfUnknown"]) === true}
        error={faultOf("evenIfUnknown")}
        onChange={(event) => onChange("evenIfUnknown", event.currentTarget.checked || undefined)}
      />
      <Text size="sm" c="dimmed" my="sm" role="status">
        {waits.length === 0
          ? t("editor.waitsNone")
          : t("editor.waits", {
              list: told.join(" → ") + (waits.length > SHOWN_WAITS ? " …" : ""),
            })}
      </Text>
    </>
  );
}
