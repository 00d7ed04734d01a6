import { Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../../../../components/StateBadge";
import classes from "./test.module.css";
import { useShownRun } from "./useTestRun";

/** Over the flow: whose states its cards show, and the way back to the test. */
export function TestBar({ isOpen, onOpen }: { isOpen: boolean; onOpen: () => void }) {
  const { t } = useTranslation();
  const { run, isStarting, show } = useShownRun();
  if (!run && !isStarting) return null;
  const status = run?.status ?? "running";
  return (
    <div className={classes.bar} data-test-bar>
      <Text size="sm" fw={500}>
        {run?.version ? t("testing.runOf", { version: run.version }) : t("automations.testRun")}
      </Text>
      <StateBadge state={status} label={t(`automations.run_${status}`)} />
      {!isOpen && (
        <Button size="compact-sm" variant="light" ml="auto" onClick={onOpen}>
          {t("testing.open")}
        </Button>
      )}
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        ml={isOpen ? "auto" : undefined}
        onClick={() => show(null)}
      >
        {t("testing.clear")}
      </Button>
    </div>
  );
}
