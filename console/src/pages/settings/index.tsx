import { Skeleton, Tabs, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import { Danger } from "./Danger";
import { Tokens } from "./Tokens";

// Loaded when they are first opened: they are most of these pages.
const Integrations = lazy(async () => ({ default: (await import("./Integrations")).Integrations }));
const Webhook = lazy(async () => ({ default: (await import("./Webhook")).Webhook }));

const AREAS = ["tokens", "integrations", "webhook", "danger"] as const;

/** What a project is made of beside its automations. */
export default function Settings() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const [search, setSearch] = useSearchParams();
  const area = AREAS.find((name) => name === search.get("area")) ?? "tokens";
  return (
    <>
      <Title order={1} mb="md">
        {t("settings.title")}
      </Title>
      <Tabs
        value={area}
        keepMounted={false}
        onChange={(value) => setSearch({ area: value ?? "tokens" }, { replace: true })}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="tokens">{t("settings.tokens")}</Tabs.Tab>
          <Tabs.Tab value="integrations">{t("settings.integrations")}</Tabs.Tab>
          <Tabs.Tab value="webhook">{t("settings.webhook")}</Tabs.Tab>
          <Tabs.Tab value="danger">{t("settings.danger")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tokens">
          <Tokens projectId={id} />
        </Tabs.Panel>
        <Tabs.Panel value="integrations">
          <Suspense fallback={<Skeleton height={420} />}>
            <Integrations projectId={id} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="webhook">
          <Suspense fallback={<Skeleton height={420} />}>
            <Webhook projectId={id} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="danger">
          <Danger projectId={id} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
