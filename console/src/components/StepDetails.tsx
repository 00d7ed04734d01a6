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
      <Part label={t("runs.inputs")} value={step.inputs} />
      <Part label={t("runs.output")} value={step.output} />
    </Stack>
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
