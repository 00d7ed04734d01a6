import { Button, Group, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApps } from "./editor/draft/catalogue";
import { CREATE_FORM, type Exported } from "./exchange";
import { DEFINITIONS, TEMPLATES, type Template, appsOf, needsAccount } from "./templates";

interface Props {
  first: Template;
  name: string;
  isBusy: boolean;
  onCreate: (made: Exported) => void;
}

/** The templates with what each does and which apps it needs. */
export function FromTemplate({ first, name, isBusy, onCreate }: Props) {
  const { t, i18n } = useTranslation();
  const [template, setTemplate] = useState<Template>(first);
  const apps = useApps();
  const nameOf = (key: string) => apps.data?.items.find((app) => app.key === key)?.name ?? key;
  // An installation may offer fewer apps than are built in.
  const offered = TEMPLATES.filter((one) =>
    appsOf(one).every((key) => !apps.data || apps.data.items.some((app) => app.key === key)),
  );
  const all = new Intl.ListFormat(i18n.language, { type: "conjunction" });
  const needs = (one: Template) => {
    const keys = appsOf(one);
    if (keys.length === 0) return t("templates.noApp");
    const text = needsAccount(one) ? "templates.needs" : "templates.needsNoAccount";
    return t(text, { apps: all.format(keys.map(nameOf)) });
  };
  return (
    <form
      id={CREATE_FORM}
      onSubmit={(event) => {
        event.preventDefault();
        onCreate({ name, definition: { ...DEFINITIONS[template] } });
      }}
    >
      <Stack>
        <Radio.Group
          label={t("automations.template")}
          value={template}
          onChange={(value) => setTemplate(value as Template)}
        >
          <SimpleGrid cols={{ base: 1, sm: 2 }} verticalSpacing="sm" mt="xs">
            {offered.map((one) => (
              <Radio
                key={one}
                value={one}
                label={t(`templates.${one}`)}
                description={`${t(`templates.${one}_text`)} ${needs(one)}`}
              />
            ))}
          </SimpleGrid>
        </Radio.Group>
        <Group justify="flex-end">
          {!name && (
            <Text size="sm" c="dimmed">
              {t("templates.nameFirst")}
            </Text>
          )}
          <Button type="submit" loading={isBusy} disabled={!name}>
            {t("automations.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
