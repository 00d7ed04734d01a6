import { Alert, Stack, Tabs, VisuallyHidden } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { components } from "../../../api/schema";
import { DraftAlerts } from "./DraftAlerts";
import { FaultList } from "./FaultList";
import { Flow } from "./flow/Flow";
import { Header } from "./Header";
import { JsonTab } from "./JsonTab";
import { Snippets } from "./code/Snippets";
import { Announce } from "./announce";
import { Shortcuts } from "./keyboard/Shortcuts";
import { labelOf } from "./flow/labels";
import { find, isShaped } from "./draft/model";
import { OpenTest } from "./openTest";
import { PublishDialog } from "./publish/PublishDialog";
import { type TestRun, TestRunContext, useTestRun } from "./test/useTestRun";
import { type Draft, useDraft } from "./draft/useDraft";
import { LackingContext, isToldOf, useLackingOf } from "./draft/lacking";
import { LackingAlert } from "./LackingAlert";
import { Kept } from "./draft/kept";
import { useFaults } from "./draft/useFaults";
import { Versions } from "./versions/Versions";

type Automation = components["schemas"]["AutomationView"];

const TABS = ["flow", "json", "versions", "code"] as const;

interface Props {
  projectId: string;
  automation: Automation;
}

/** The draft of one automation, and all that is done with it. */
export function Workbench({ projectId, automation }: Props) {
  const { t } = useTranslation();
  const path = { projectId, automationId: automation.id };
  const draft = useDraft(projectId, automation);
  // Other pages lead to a step, to a run, or to the test.
  const [asked] = useSearchParams();
  const [tab, setTab] = useState<string>(
    () => TABS.find((name) => name === asked.get("tab")) ?? "flow",
  );
  const [selected, setSelected] = useState(asked.get("step"));
  const [isTesting, setTesting] = useState(
    () => asked.get("tab") === "test" || (asked.has("run") && !asked.has("step")),
  );
  const [isPublishing, setPublishing] = useState(false);
  const [isHelping, setHelping] = useState(false);
  const [said, announce] = useState("");
  const [kept] = useState(() => new Map<string, unknown>());
  const test = useTestRun(path, draft, asked.get("run"));
  const found = useFaults(path, draft.revision);
  const lacking = useLackingOf(projectId, draft.definition);
  const { faults } = found;
  const warnings = found.warnings.filter((one) => !isToldOf(one, lacking));
  const isVisual = isShaped(draft.definition);
  useStandingsSaid(test, draft, announce);

  const select = (id: string | null) => {
    setSelected(id);
    if (id !== null) {
      setTesting(false);
      setTab("flow");
    }
  };
  const openTest = useCallback(() => {
    setTesting(true);
    setTab("flow");
  }, []);
  return (
    <Announce value={announce}>
      <Kept value={kept}>
        <LackingContext value={lacking}>
          <TestRunContext value={test}>
            <OpenTest value={openTest}>
              <Stack gap="md">
                <Header
                  projectId={projectId}
                  automation={automation}
                  draft={draft}
                  isTesting={isTesting && tab === "flow"}
                  onTest={openTest}
                  onPublish={() => setPublishing(true)}
                  onHelp={() => setHelping(true)}
                />
                <VisuallyHidden role="status" data-said>
                  {said}
                </VisuallyHidden>
                <DraftAlerts draft={draft} />
                <Tabs value={tab} onChange={(name) => setTab(name ?? "flow")} keepMounted={false}>
                  <Tabs.List aria-label={t("automations.views")}>
                    {TABS.map((name) => (
                      <Tabs.Tab key={name} value={name}>
                        {t(`automations.tab_${name}`)}
                      </Tabs.Tab>
                    ))}
                  </Tabs.List>
                  <Tabs.Panel value="flow" pt="md">
                    <LackingAlert
                      projectId={projectId}
                      lacking={lacking.filter(({ lack }) => lack === "integration")}
                    />
                    <FaultList
                      faults={faults}
                      warnings={warnings}
                      onSelect={isVisual ? select : undefined}
                      draft={draft}
                    />
                    {isVisual ? (
                      <Flow
                        projectId={projectId}
                        automationId={automation.id}
                        draft={draft}
                        faults={faults}
                        selected={selected}
                        onSelect={select}
                        isTesting={isTesting}
                        onTest={setTesting}
                        onHelp={() => setHelping(true)}
                      />
                    ) : (
                      <Alert color="orange">{t("automations.notShaped")}</Alert>
                    )}
                  </Tabs.Panel>
                  <Tabs.Panel value="json" pt="md">
                    <JsonTab
                      name={automation.name}
                      draft={draft}
                      faults={faults}
                      warnings={warnings}
                    />
                  </Tabs.Panel>
                  <Tabs.Panel value="versions" pt="md">
                    <Versions path={path} automation={automation} draft={draft} />
                  </Tabs.Panel>
                  <Tabs.Panel value="code" pt="md">
                    <Snippets automationId={automation.id} definition={draft.definition} />
                  </Tabs.Panel>
                </Tabs>
              </Stack>
              <PublishDialog
                path={path}
                automation={automation}
                draft={draft}
                faults={faults}
                warnings={warnings}
                isOpen={isPublishing}
                onClose={() => setPublishing(false)}
                onSelect={select}
              />
              <Shortcuts isOpen={isHelping} onClose={() => setHelping(false)} />
            </OpenTest>
          </TestRunContext>
        </LackingContext>
      </Kept>
    </Announce>
  );
}

/** Says of each step what the run that is shown has come to. */
function useStandingsSaid(test: TestRun, draft: Draft, announce: (text: string) => void): void {
  const { t } = useTranslation();
  const { standings } = test;
  const known = useRef(standings);
  useEffect(() => {
    const before = known.current;
    known.current = standings;
    const news = [...standings].filter(
      ([id, { state }]) => state !== "skipped" && state !== before.get(id)?.state,
    );
    if (news.length === 0) return;
    const texts = news.map(([id, { state }]) => {
      const step = find(draft.definition, id)?.step;
      return `${step ? labelOf(step) : id}: ${t(`testing.state_${state}`)}`;
    });
    announce(texts.join(", "));
  }, [standings, draft.definition, announce, t]);
}
