import {
  Alert,
  Chip,
  Group,
  ScrollArea,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";
import { AppLogo } from "../../components/AppLogo";
import { StateBadge } from "../../components/StateBadge";
import styles from "./Catalogue.module.css";

interface Props {
  apps: components["schemas"]["AppSummary"][];
  /** Those of the operator's folders that are missing, and why. */
  faulty: components["schemas"]["FaultyApp"][];
  added: Set<string>;
  /** Apps that automations use already. */
  needed: Set<string>;
  onChoose: (appKey: string) => void;
}

/** All apps that there are, by name, purpose and category. */
export function Catalogue({ apps, faulty, added, needed, onChoose }: Props) {
  const { t, i18n } = useTranslation();
  const [search, setSearch] = useState("");
  const [category, setCategory] = useState("");
  const fold = (text: string) => text.toLocaleLowerCase(i18n.language);
  const called = (key: string) => t(`settings.category_${key}`, { defaultValue: key });
  const categories = [...new Set(apps.flatMap((app) => app.categories))].sort((one, other) =>
    called(one).localeCompare(called(other), i18n.language),
  );
  const found = apps
    .filter((app) => !category || app.categories.includes(category))
    .filter((app) =>
      [app.name, app.key, app.description, ...app.categories.map(called)].some((text) =>
        fold(text).includes(fold(search.trim())),
      ),
    )
    .sort((a, b) => Number(needed.has(b.key)) - Number(needed.has(a.key)));
  return (
    <Stack>
      <TextInput
        data-autofocus
        type="search"
        label={t("settings.appSearch")}
        placeholder={t("settings.appSearchHint")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <Chip.Group value={category} onChange={(value) => setCategory(value as string)}>
        <Group gap={6} role="group" aria-label={t("settings.categories")}>
          {["", ...categories].map((one) => (
            <Chip key={one} value={one} size="xs" variant="light">
              {one ? called(one) : t("settings.all")}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <ScrollArea h="50dvh" type="auto">
        <Stack gap={4} role="list">
          {found.map((app) => (
            <div role="listitem" key={app.key}>
              <UnstyledButton
                className={styles.app}
                disabled={added.has(app.key)}
                onClick={() => onChoose(app.key)}
              >
                <Group wrap="nowrap">
                  <AppLogo logo={app.logo} name={app.name} />
                  <div className={styles.words}>
                    <Text fw={500}>{app.name}</Text>
                    <Text size="sm" c="dimmed" lineClamp={2}>
                      {app.description}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {[
                        ...app.categories.map(called),
                        t("settings.appHas", {
                          actions: app.componentCount,
                          triggers: app.triggerCount,
                        }),
                      ].join(" · ")}
                    </Text>
                  </div>
                  {added.has(app.key) && (
                    <StateBadge state="connected" label={t("settings.appAdded")} />
                  )}
                  {needed.has(app.key) && (
                    <StateBadge state="waiting" label={t("settings.appNeeded")} />
                  )}
                </Group>
              </UnstyledButton>
            </div>
          ))}
        </Stack>
        <Text c="dimmed" role="status">
          {found.length === 0 && t("settings.appNone", { search: search || called(category) })}
        </Text>
      </ScrollArea>
      {faulty.length > 0 && (
        <Alert color="orange" title={t("settings.appsFaulty")}>
          {faulty.map(({ key, fault }) => (
            <Text size="sm" key={`${key} ${fault}`}>
              {key}: {fault}
            </Text>
          ))}
        </Alert>
      )}
    </Stack>
  );
}
