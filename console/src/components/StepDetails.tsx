import { Alert, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema";
import { Json } from "./Json";
import { Moment } from "./Moment";

/** When a step began, with whose account, what went wrong, what went in and came out. */
export function StepDetails({ step }: { step: components["schemas"]["StepView"] }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        <Moment at={step.startedAt} seconds />
        {step.connectionUserId !== null &&
          ` · ${t("runs.connectionOf", { user: step.connectionUserId || t("runs.developer") })}`}
      </Text>
      {step.error && (
        <Alert color="red" title={t("runs.error")}>
          {step.error}
        </Alert>
      )}
      {step.inputs !== null && <Part label={t("runs.inputs")} value={step.inputs} />}
      <Decision step={step} />
      {/* What failed gave nothing, or the answer that the error speaks of. */}
      {(step.status === "completed" || step.output !== null) && (
        <Part
          label={t(step.status === "completed" ? "runs.output" : "runs.answer")}
          value={step.output}
        />
      )}
    </Stack>
  );
}

/** Who decided an approval, and what. */
function Decision({ step: { type, output } }: { step: components["schemas"]["StepView"] }) {
  const { t } = useTranslation();
  if (type !== "approval" || typeof output !== "object" || output === null) return null;
  const { approved, expired, by } = output as Record<string, unknown>;
  const decision = expired ? "expired" : approved ? "approved" : "rejected";
  const whom = typeof by === "string" && by && decision !== "expired";
  return (
    <Text size="sm" fw={500}>
      {t(whom ? `runs.${decision}By` : `runs.${decision}`, { by })}
    </Text>
  );
}

function Part({ label, value }: { label: string; value: unknown }) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <Json value={value} label={label} />
    </div>
  );
}
