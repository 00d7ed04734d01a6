import { ActionIcon, Alert, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../../../../api/client";
import type { Json, JsonObject } from "../draft/model";
import { sampleData } from "../code/snippets";
import { usedApps } from "../draft/catalogue";
import { automationKey } from "../../automationKey";
import type { Draft } from "../draft/useDraft";
import { Refusal } from "./Refusal";
import { RunSummary } from "./RunSummary";
import { TestForm } from "./TestForm";
import { useShownRun } from "./useTestRun";

interface Props {
  path: { projectId: string; automationId: string };
  draft: Draft;
  onSelect: (id: string) => void;
  /** Left out: what it is in has a title and can be closed by itself. */
  onClose?: () => void;
}

/** Runs the draft with the developer's own accounts and shows how the run goes. */
export function TestPanel({ path, draft, onSelect, onClose }: Props) {
  const { t } = useTranslation();
  const test = useShownRun();
  const { trigger } = draft.definition;
  // The samples change with each run; what is typed on must not change under the hands.
  const samples = useQuery({
    queryKey: [...automationKey(path), "test-input", trigger?.component ?? null, draft.revision],
    staleTime: Infinity,
    placeholderData: (before: unknown) => before as never,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}/samples", {
          params: { path },
        }),
      ),
  });
  const sample = {
    data: (samples.data?.data ?? sampleData(draft.definition)) as JsonObject,
    event: (samples.data?.event ?? null) as Json,
  };
  const { error } = test;
  return (
    <Stack component="section" aria-label={t("automations.test")}>
      {onClose && (
        <Group justify="space-between" wrap="nowrap">
          <Title order={2}>{t("automations.test")}</Title>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("testing.close")}
            onClick={onClose}
          >
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </Group>
      )}
      <Text size="sm" c="dimmed">
        {t("automations.testText")}
      </Text>
      {samples.isPending ? (
        <Skeleton height={160} />
      ) : (
        <TestForm
          trigger={trigger}
          sample={sample}
          isRunning={test.isStarting}
          onStart={test.start}
        />
      )}
      <Refusal
        projectId={path.projectId}
        error={error}
        appKeys={usedApps(draft.definition)}
        isToldAhead
        onMended={test.forget}
      />
      {test.isStarting && !test.run && (
        <Alert color="blue" role="status">
          {t("automations.starting")}
        </Alert>
      )}
      {test.run && <RunSummary path={path} run={test.run} onSelect={onSelect} />}
      {!test.run && !test.isStarting && (
        <Button
          component={Link}
          variant="subtle"
          size="compact-sm"
          to={`/projects/${path.projectId}/runs?automation=${path.automationId}`}
        >
          {t("testing.earlier")}
        </Button>
      )}
    </Stack>
  );
}
