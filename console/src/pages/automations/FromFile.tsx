import { Alert, Button, FileButton, Group, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CREATE_FORM, type Exported, imported } from "./exchange";

interface Props {
  name: string;
  isBusy: boolean;
  onCreate: (made: Exported) => void;
}

/** Takes an exported automation, from a file or pasted. */
export function FromFile({ name, isBusy, onCreate }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [isForeign, setForeign] = useState(false);
  const take = (source: string, fallbackName: string) => {
    const found = imported(source, fallbackName);
    setForeign(found === null);
    if (found) onCreate(name ? { ...found, name } : found);
  };
  return (
    <form
      id={CREATE_FORM}
      onSubmit={(event) => {
        event.preventDefault();
        take(text, t("templates.imported"));
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
              <Button {...props} variant="default" loading={isBusy}>
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
          onChange={(event) => {
            setText(event.currentTarget.value);
            setForeign(false);
          }}
        />
        {isForeign && (
          <Alert color="red" role="alert">
            {t("automations.importBad")}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy} disabled={!text.trim()}>
            {t("automations.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
