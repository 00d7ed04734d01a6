import { Button, Group, SegmentedControl, Stack, Textarea } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { parse, stringify } from "../../../../api/json";
import { type Json, type JsonObject, type Trigger, setIn } from "../draft/model";
import type { Schema } from "../data/sources";
import { DataField } from "./DataField";
import { type TestInput, type Typed, useShownRun } from "./useTestRun";

interface Props {
  trigger: Trigger | null | undefined;
  /** What it begins with, until something is typed. */
  sample: { data: JsonObject; event: Json };
  isRunning: boolean;
  onStart: (input: TestInput) => void;
}

/** What a test begins with: the trigger's data as a form or as JSON, or an event of its app. */
export function TestForm({ trigger, sample, isRunning, onStart }: Props) {
  const { t } = useTranslation();
  const isEvent = trigger?.type === "app";
  const schema = (trigger?.type === "manual" ? trigger.input : undefined) as Schema | undefined;
  const fields = Object.entries((schema?.properties ?? {}) as Record<string, Schema>);
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const test = useShownRun();
  const of = String(isEvent ? trigger.component : trigger?.type);
  // What was typed for another trigger does not fit this one.
  const typed = test.typed.of === of ? test.typed : { ...test.typed, data: null, event: null };
  const change = (changes: Partial<Typed>) => test.setTyped({ ...typed, ...changes, of });
  const { isJson } = typed;
  const dataText = typed.data ?? stringify(sample.data, 2);
  const eventText = typed.event ?? stringify(sample.event, 2);
  const data = objectOf(dataText);
  const event = valueOf(eventText);
  const isGood = data !== null && (!isEvent || event !== undefined);
  const hasForm = fields.length > 0 && !isJson && data !== null;
  const start = () => {
    if (isGood && !isRunning) onStart(isEvent ? { data, event } : { data });
  };
  const keys = (pressed: KeyboardEvent) => {
    if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) start();
  };
  return (
    <form
      onKeyDown={keys}
      onSubmit={(submitted) => {
        submitted.preventDefault();
        start();
      }}
    >
      <Stack gap="sm">
        {fields.length > 0 && (
          <SegmentedControl
            size="xs"
            aria-label={t("testing.inputAs")}
            data={["form", "json"].map((value) => ({ value, label: t(`testing.as_${value}`) }))}
            value={hasForm ? "form" : "json"}
            onChange={(value) => change({ isJson: value === "json" })}
          />
        )}
        {hasForm &&
          fields.map(([name, field]) => (
            <DataField
              key={name}
              name={name}
              schema={field}
              required={required.includes(name)}
              value={data[name]}
              onChange={(value) => {
                change({ data: stringify(setIn(data, [name], value), 2) });
              }}
            />
          ))}
        {isEvent && (
          <JsonText
            label={t("testing.event")}
            description={t("testing.eventHint")}
            value={eventText}
            error={event === undefined ? t("testing.eventBad") : null}
            onChange={(text) => change({ event: text })}
          />
        )}
        {!hasForm && (!isEvent || typed.data !== null || dataText !== "{}") && (
          <JsonText
            label={t("automations.testData")}
            value={dataText}
            error={data === null ? t("automations.testDataBad") : null}
            onChange={(text) => change({ data: text })}
          />
        )}
        <Group>
          <Button
            type="submit"
            loading={isRunning}
            disabled={!isGood}
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
          >
            {t("automations.testStart")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function JsonText(props: {
  label: string;
  description?: string;
  value: string;
  error: string | null;
  onChange: (text: string) => void;
}) {
  return (
    <Textarea
      {...props}
      autosize
      minRows={3}
      maxRows={14}
      spellCheck={false}
      styles={{ input: { fontFamily: "monospace" } }}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

function valueOf(text: string): Json | undefined {
  try {
    return parse(text) as Json;
  } catch {
    return undefined;
  }
}

function objectOf(text: string): JsonObject | null {
  const value = valueOf(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}
