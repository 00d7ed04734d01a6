import { Badge, Button, Checkbox, Group, ScrollArea, Stack, TagsInput, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Props {
  /** What the app's actions and triggers need. */
  offered: string[];
  /** What the developer's own account needs to choose inputs in the editor. */
  ofOptions: string[];
  /** What the project's automations need. */
  needed: string[];
  value: string[];
  error: string | undefined;
  onChange: (scopes: string[]) => void;
}

/** What users are asked to grant: what automations need, and all else that the app has. */
export function Scopes({ offered, ofOptions, needed, value, error, onChange }: Props) {
  const { t } = useTranslation();
  const listed = [...new Set([...needed, ...offered, ...ofOptions])];
  const others = value.filter((scope) => !listed.includes(scope));
  const lacking = needed.filter((scope) => !value.includes(scope));
  return (
    <Stack gap="xs">
      {listed.length > 0 && (
        <Checkbox.Group
          label={t("settings.scopes")}
          description={t("settings.scopesHint")}
          error={error}
          value={value.filter((scope) => listed.includes(scope))}
          onChange={(ticked) => onChange([...ticked, ...others])}
        >
          <ScrollArea.Autosize mah={220} type="auto" mt="xs">
            <Stack gap={6}>
              {listed.map((scope) => (
                <Checkbox
                  key={scope}
                  value={scope}
                  size="sm"
                  label={
                    <Group gap="xs" component="span">
                      <span>{scope}</span>
                      {needed.includes(scope) && <Mark text={t("settings.scopeNeeded")} />}
                      {ofOptions.includes(scope) && (
                        <Mark color="gray" text={t("settings.scopeOfOptions")} />
                      )}
                    </Group>
                  }
                />
              ))}
            </Stack>
          </ScrollArea.Autosize>
        </Checkbox.Group>
      )}
      {value.length > 0 && lacking.length > 0 && (
        <Group gap="xs" role="status">
          <Text size="sm" c="orange">
            {t("settings.scopesLack", { scopes: lacking.join(", ") })}
          </Text>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onChange([...value, ...lacking])}
          >
            {t("settings.scopesTick")}
          </Button>
        </Group>
      )}
      <TagsInput
        label={listed.length > 0 ? t("settings.scopesOther") : t("settings.scopes")}
        value={others}
        error={listed.length > 0 ? undefined : error}
        splitChars={[",", " "]}
        acceptValueOnBlur
        onChange={(added) => onChange([...value.filter((one) => listed.includes(one)), ...added])}
      />
    </Stack>
  );
}

function Mark({ text, color }: { text: string; color?: string }) {
  return (
    <Badge component="span" size="sm" variant="light" tt="none" color={color}>
      {text}
    </Badge>
  );
}
