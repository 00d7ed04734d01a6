import { Alert, Anchor, Button, Group, Skeleton, Stack, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { ApiError, type Fault, api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { FaultList } from "./editor/FaultList";
import { Flow } from "./editor/Flow";
import { Header } from "./editor/Header";
import { JsonTab } from "./editor/JsonTab";
import { isShaped } from "./editor/model";
import { Snippets } from "./editor/Snippets";
import { TestRun } from "./editor/TestRun";
import { automationKey, useDraft } from "./editor/useDraft";
import { Versions } from "./editor/Versions";

type Automation = components["schemas"]["AutomationView"];

/** The editor of one automation. */
export default function Editor() {
  const { t } = useTranslation();
  const { id: projectId = "", aid: automationId = "" } = useParams();
  const path = { projectId, automationId };
  const automation = useQuery({
    queryKey: automationKey(path),
    // Read once: from then on the draft in the editor counts, and a conflict is told when saving.
    staleTime: Infinity,
    gcTime: 0,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{projectId}/automations/{automationId}", { params: { path } }),
      ),
  });
  return (
    <Stack gap="md">
      <Anchor component={Link} to={`/projects/${projectId}/automations`} size="sm">
        ← {t("automations.back")}
      </Anchor>
      <ErrorAlert error={automation.error} />
      {automation.isPending && <Skeleton height={420} />}
      {automation.data && (
        <Workbench key={automationId} projectId={projectId} automation={automation.data} />
      )}
    </Stack>
  );
}

function Workbench({ projectId, automation }: { projectId: string; automation: Automation }) {
  const { t } = useTranslation();
  const draft = useDraft(projectId, automation);
  const [tab, setTab] = useState<string | null>("flow");
  const [selected, setSelected] = useState<string | null>(null);
  const [testRunId, setTestRunId] = useState<string | null>(null);
  const path = { projectId, automationId: automation.id };
  const faults = useFaults(path, draft.revision);
  const isVisual = isShaped(draft.definition);
  return (
    <Stack gap="md">
      <Header
        projectId={projectId}
        automation={automation}
        draft={draft}
        faults={faults}
        isTesting={tab === "test"}
        onTest={() => setTab("test")}
        onFaults={() => setTab("flow")}
      />
      {draft.state === "conflict" && (
        <Alert color="orange" role="alert" title={t("automations.conflict")}>
          <Text size="sm">{t("automations.conflictText")}</Text>
          <Group mt="sm">
            <Button size="xs" variant="default" onClick={() => void draft.takeTheirs()}>
              {t("automations.takeTheirs")}
            </Button>
            <Button size="xs" color="red" variant="light" onClick={() => void draft.keepMine()}>
              {t("automations.keepMine")}
            </Button>
          </Group>
        </Alert>
      )}
      {draft.state === "failed" && (
        <Alert color="red" role="alert">
          <Text size="sm">{draft.error?.message}</Text>
          <FaultsOfSaving error={draft.error} />
          <Button size="xs" mt="sm" variant="default" onClick={() => void draft.flush()}>
            {t("automations.saveAgain")}
          </Button>
        </Alert>
      )}
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List aria-label={t("automations.views")}>
          {["flow", "json", "test", "versions", "code"].map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`automations.tab_${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="flow" pt="md">
          <FaultList faults={faults} onSelect={isVisual ? setSelected : undefined} draft={draft} />
          {isVisual ? (
            <Flow
              projectId={projectId}
              automationId={automation.id}
              draft={draft}
              faults={faults}
              selected={selected}
              onSelect={setSelected}
            />
          ) : (
            <Alert color="orange">{t("automations.notShaped")}</Alert>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="json" pt="md">
          <JsonTab name={automation.name} draft={draft} faults={faults} />
        </Tabs.Panel>
        <Tabs.Panel value="test" pt="md">
          <TestRun path={path} draft={draft} runId={testRunId} onRun={setTestRunId} />
        </Tabs.Panel>
        <Tabs.Panel value="versions" pt="md">
          <Versions path={path} draft={draft} />
        </Tabs.Panel>
        <Tabs.Panel value="code" pt="md">
          <Snippets automationId={automation.id} definition={draft.definition} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function FaultsOfSaving({ error }: { error: Error | null }) {
  const faults = error instanceof ApiError ? error.faults : [];
  return faults.map((fault) => (
    <Text key={fault.path + fault.message} size="sm">
      {fault.path}: {fault.message}
    </Text>
  ));
}

/** What keeps the saved draft from being run and published; checked after each save. */
function useFaults(path: { projectId: string; automationId: string }, revision: number): Fault[] {
  const checked = useQuery({
    queryKey: [...automationKey(path), "faults", revision],
    placeholderData: (before: Fault[] | undefined) => before,
    queryFn: async () => {
      const answer = await unwrap(
        api.POST("/api/v1/projects/{projectId}/automations/{automationId}/validate", {
          params: { path },
        }),
      );
      return answer.faults;
    },
  });
  return checked.data ?? [];
}
