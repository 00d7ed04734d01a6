import {
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import { ErrorAlert } from "../../components/ErrorAlert";
import { isShaped, type Definition } from "../automations/editor/draft/model";
import { sampleData } from "../automations/editor/code/snippets";
import { type Command, command, COMMANDS } from "./commands";
import { useGuideToken } from "./token";

const NAMES: Record<Command, string> = { curl: "curl", python: "Python" };

/** The call that runs the published automation, ready to copy. */
export function RunCommand({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const { token, create } = useGuideToken(projectId);
  const [language, setLanguage] = useState<Command>("curl");
  const runnable = useRunnable(projectId);
  if (runnable.isPending) return <Skeleton height={220} />;
  if (!runnable.data) {
    return (
      <>
        <ErrorAlert error={runnable.error} />
        {runnable.data === null && (
          <Alert color="orange">
            <Text size="sm">{t("start.notRunnable")}</Text>
            <Button component={Link} to="?new=greet" size="xs" mt="sm" variant="default">
              {t("start.make_button")}
            </Button>
          </Alert>
        )}
      </>
    );
  }
  const text = command(language, {
    url: `${window.location.origin}/api/v1/ipaas/automations/${runnable.data.id}/run`,
    token: token ?? t("start.tokenPlace"),
    data: runnable.data.data,
  });
  return (
    <Stack gap="sm" align="stretch">
      {token ? (
        <Text size="sm">{t("start.tokenInside")}</Text>
      ) : (
        <Alert color="yellow">
          <Text size="sm">{t("start.tokenGone", { place: t("start.tokenPlace") })}</Text>
          <Button
            size="xs"
            mt="sm"
            variant="default"
            loading={create.isPending}
            onClick={() => create.mutate(t("start.tokenName"))}
          >
            {t("start.tokenAgain")}
          </Button>
        </Alert>
      )}
      <ErrorAlert error={create.error} />
      <Group>
        <SegmentedControl
          size="xs"
          aria-label={t("start.language")}
          data={COMMANDS.map((value) => ({ value, label: NAMES[value] }))}
          value={language}
          onChange={(value) => setLanguage(value as Command)}
        />
      </Group>
      <Code block tabIndex={0} role="region" aria-label={NAMES[language]}>
        {text}
      </Code>
      <CopyButton value={text} timeout={2000}>
        {({ copied, copy }) => (
          <Group>
            <Button onClick={copy}>{copied ? t("start.copied") : t("start.copy")}</Button>
            <Text size="sm" c="dimmed" role="status">
              {t("start.waiting")}
            </Text>
          </Group>
        )}
      </CopyButton>
    </Stack>
  );
}

/** A published automation that is run by call, with data for it; null: there is none. */
function useRunnable(projectId: string) {
  return useQuery({
    queryKey: ["projects", projectId, "start", "runnable"],
    queryFn: async () => {
      const { items } = await unwrap(
        api.GET("/api/v1/projects/{projectId}/automations", {
          params: { path: { projectId }, query: { limit: 100 } },
        }),
      );
      for (const { id, publishedVersion } of items) {
        if (publishedVersion === null) continue;
        const path = { projectId, automationId: id, number: publishedVersion };
        const version = await unwrap(
          api.GET("/api/v1/projects/{projectId}/automations/{automationId}/versions/{number}", {
            params: { path },
          }),
        );
        const definition = version.definition as unknown as Definition;
        if (isShaped(definition) && definition.trigger?.type === "manual") {
          return { id, data: sampleData(definition) };
        }
      }
      return null;
    },
  });
}
