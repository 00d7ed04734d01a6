import { Button, Code, CopyButton, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Definition, isShaped } from "../draft/model";
import { type Call, LANGUAGES, type Language, sampleData, snippet } from "./snippets";

const NAMES: Record<Language, string> = {
  curl: "curl",
  python: "Python",
  typescript: "TypeScript",
};

/** Programs that run the automation or register a user, with its id and inputs. */
export function Snippets({
  automationId,
  definition,
}: {
  automationId: string;
  definition: Definition;
}) {
  const { t } = useTranslation();
  const isManual = definition.trigger?.type !== "app";
  const [call, setCall] = useState<Call>(isManual ? "run" : "register");
  const [language, setLanguage] = useState<Language>("curl");
  const data = isShaped(definition) ? sampleData(definition) : {};
  const text = snippet(language, call, window.location.origin, automationId, data);
  return (
    <Stack maw={760}>
      <Text c="dimmed">{t("automations.codeText")}</Text>
      <Group>
        <SegmentedControl
          aria-label={t("automations.call")}
          data={(["run", "register"] as const).map((value) => ({
            value,
            label: t(`automations.call_${value}`),
          }))}
          value={call}
          onChange={(value) => setCall(value as Call)}
        />
        <SegmentedControl
          aria-label={t("automations.language")}
          data={LANGUAGES.map((value) => ({ value, label: NAMES[value] }))}
          value={language}
          onChange={(value) => setLanguage(value as Language)}
        />
      </Group>
      {call === "run" && !isManual && <Text c="orange">{t("automations.notManual")}</Text>}
      <Code block tabIndex={0} role="region" aria-label={NAMES[language]}>
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Group>
            <Button variant="default" onClick={copy}>
              {copied ? t("automations.copied") : t("automations.copy")}
            </Button>
          </Group>
        )}
      </CopyButton>
    </Stack>
  );
}
