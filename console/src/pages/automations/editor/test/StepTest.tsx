import { Button, Collapse, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { parse, stringify } from "../../../../api/json";
import { api, unwrap } from "../../../../api/client";
import type { StepFormProps } from "../forms/StepPanel";
import { Refusal } from "./Refusal";
import { StepTestRun } from "./StepTestRun";
import { appOf, usedApps } from "../draft/catalogue";
import { useKept } from "../draft/kept";
import type { JsonObject } from "../draft/model";
import { givenFor } from "../data/reads";

/** Runs this step alone, with the values that it had in the newest run or with others. */
export function StepTest(props: StepFormProps) {
  const { projectId, automationId, draft, place, catalogue, samples, sources } = props;
  const { t } = useTranslation();
  const { step } = place;
  const [typed, setTyped] = useKept<string | null>(`${step.id}.test`, null);
  const [isOpen, setOpen] = useState(typed !== null);
  const valuesId = useId();
  const { given, lacking } = givenFor(draft.definition, place, samples, sources([]));
  const text = typed ?? stringify(given, 2);
  const values = objectOf(text);
  const reads = lacking.length > 0 || Object.keys(given).length > 0;
  const missing = lacking.filter((name) => !has(values, name));
  const test = useMutation({
    mutationFn: async (body: JsonObject) => {
      if ((await draft.flush()) === null) throw new Error(t("automations.notSaved"));
      return unwrap(
        api.POST("/api/v1/projects/{projectId}/automations/{automationId}/steps/{stepId}/test", {
          params: { path: { projectId, automationId, stepId: step.id } },
          body,
        }),
      );
    },
  });
  const app = catalogue.apps.get(appOf(step.component));
  const { error } = test;
  return (
    <Stack gap="sm" component="section" aria-label={t("editor.test")}>
      <Title order={3}>{t("editor.test")}</Title>
      <Text size="sm" c="dimmed">
        {step.type !== "app"
          ? t("editor.testFlow")
          : app?.authType === "none"
            ? t("editor.testOpen", { app: app.name })
            : t("editor.testApp", { app: app?.name ?? appOf(step.component) })}
      </Text>
      {missing.length > 0 && (
        <Text size="sm" c="orange">
          {t("editor.lacking", { names: missing.join(", ") })}
        </Text>
      )}
      <div hidden={typed === null && !reads}>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-expanded={isOpen}
          aria-controls={valuesId}
          leftSection={
            isOpen ? (
              <IconChevronDown size={14} aria-hidden />
            ) : (
              <IconChevronRight size={14} aria-hidden />
            )
          }
          onClick={() => setOpen(!isOpen)}
        >
          {t("editor.given")}
        </Button>
        <Collapse in={isOpen} id={valuesId}>
          <Textarea
            mt={4}
            label={t("editor.givenJson")}
            description={t("editor.givenHint")}
            autosize
            minRows={3}
            maxRows={14}
            spellCheck={false}
            styles={{ input: { fontFamily: "monospace" } }}
            value={text}
            error={values ? null : t("automations.testDataBad")}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {typed !== null && (
            <Button size="compact-sm" variant="subtle" mt={4} onClick={() => setTyped(null)}>
              {t("editor.givenReset")}
            </Button>
          )}
        </Collapse>
      </div>
      <Group>
        <Button
          variant="light"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          loading={test.isPending}
          disabled={!values}
          onClick={() => values && test.mutate(values)}
        >
          {t("editor.testStep")}
        </Button>
      </Group>
      <div role="status">{test.isPending && <Text size="sm">{t("editor.testing")}</Text>}</div>
      <Refusal
        projectId={projectId}
        error={error}
        appKeys={usedApps({ steps: [step] })}
        onMended={() => error && test.reset()}
      />
      {test.data && (
        <StepTestRun
          key={test.data.runId}
          projectId={projectId}
          automationId={automationId}
          step={step}
          runId={test.data.runId}
        />
      )}
    </Stack>
  );
}

/** Whether `data`, or the output `steps.<id>`, is among the values. */
function has(values: JsonObject | null, name: string): boolean {
  if (!name.startsWith("steps.")) return values?.[name] !== undefined;
  const steps = values?.steps;
  return typeof steps === "object" && steps !== null && name.slice(6) in steps;
}

function objectOf(text: string): JsonObject | null {
  try {
    const value = parse(text);
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMap ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}
