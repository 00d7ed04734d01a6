import { Alert, Button, FileButton, Group, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAppViews, usedApps } from "./editor/draft/catalogue";
import { type Definition, isShaped, walk } from "./editor/draft/model";
import { CREATE_FORM, type Exported, imported } from "./exchange";

interface Props {
  name: string;
  isBusy: boolean;
  /** What the file calls it. */
  onName: (name: string) => void;
  onCreate: (made: Exported) => void;
}

/** Takes an exported automation, from a file or pasted; shows what it is before it is made. */
export function FromFile({ name, isBusy, onName, onCreate }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const found = text.trim() ? imported(text, t("templates.imported")) : null;
  const take = (source: string, fallbackName: string) => {
    setText(source);
    const taken = imported(source, fallbackName);
    if (taken) onName(taken.name);
  };
  return (
    <form
      id={CREATE_FORM}
      onSubmit={(event) => {
        event.preventDefault();
        if (found && name) onCreate({ ...found, name });
      }}
    >
      <Stack>
        <Text size="sm" c="dimmed">
          {t("automations.importHint")}
        </Text>
        <Group>
          <FileButton
            accept="application/json,.json"
            onChange={(file) =>
              void file?.text().then((source) => take(source, file.name.replace(/\.json$/, "")))
            }
          >
            {(props) => (
              <Button {...props} variant="default">
                {t("automations.import")}
              </Button>
            )}
          </FileButton>
        </Group>
        <Textarea
          label={t("templates.paste")}
          autosize
          minRows={4}
          maxRows={14}
          spellCheck={false}
          styles={{ input: { fontFamily: "monospace" } }}
          value={text}
          onChange={(event) => take(event.currentTarget.value, t("templates.imported"))}
        />
        {text.trim() && !found && (
          <Alert color="red" role="alert">
            {t("automations.importBad")}
          </Alert>
        )}
        {found && <Summary definition={found.definition as unknown as Definition} />}
        {found?.secrets && (
          <Alert color="orange" role="status">
            {t("templates.secrets", { places: found.secrets.join(", ") })}
          </Alert>
        )}
        <Group justify="flex-end">
          {!name && (
            <Text size="sm" c="dimmed">
              {t("templates.nameFirst")}
            </Text>
          )}
          <Button type="submit" loading={isBusy} disabled={!found || !name}>
            {t("automations.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What will be made: how it starts, how many steps it has, and which apps it calls. */
function Summary({ definition }: { definition: Definition }) {
  const { t, i18n } = useTranslation();
  const keys = isShaped(definition) ? usedApps(definition) : [];
  const { apps } = useAppViews(keys);
  if (!isShaped(definition)) return <Alert color="orange">{t("automations.notShaped")}</Alert>;
  const list = new Intl.ListFormat(i18n.language, { type: "conjunction" });
  const start = definition.trigger?.type;
  return (
    <Alert color="blue" role="status" title={t("templates.willBe")}>
      {t(
        start === "app" ? "templates.byEvent" : start ? "templates.byCall" : "templates.byNothing",
      )}{" "}
      {t("templates.steps", { count: walk(definition).length })}{" "}
      {keys.length > 0 &&
        t("templates.uses", { apps: list.format(keys.map((key) => apps.get(key)?.name ?? key)) })}
    </Alert>
  );
}
