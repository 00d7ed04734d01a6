import { Skeleton, Switch, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { SchemaForm } from "./SchemaForm";
import type { StepFormProps } from "./StepPanel";
import { appOf, componentOf } from "../draft/catalogue";
import { type JsonObject, getIn } from "../draft/model";

/** The inputs of an app's action, and whose connection it runs with. */
export function AppStepForm(props: StepFormProps) {
  const { projectId, place, catalogue, faults, set, sources } = props;
  const { t } = useTranslation();
  const { step, path } = place;
  const app = catalogue.apps.get(appOf(step.component));
  const component = componentOf(catalogue, step.component);
  if (!app && catalogue.isPending) return <Skeleton height={160} />;
  return (
    <>
      <Text size="sm" c="dimmed">
        {component?.description ?? String(step.component)}
      </Text>
      {app?.authType !== "none" && (
        <ConnectionSwitch
          isOn={step.replaceEndUserConnection !== false}
          onChange={(isOn) => set(["replaceEndUserConnection"], isOn)}
        />
      )}
      <SchemaForm
        projectId={projectId}
        component={component}
        value={(getIn(step, ["inputs"]) ?? {}) as JsonObject}
        path={[...path, "inputs"]}
        faults={faults}
        sources={sources(["inputs"])}
        onChange={(name, value) => set(["inputs", name], value)}
      />
      {!component && app && <Text c="red">{t("automations.noComponent")}</Text>}
    </>
  );
}

/** On: the end user's connection; off: the developer's. */
export function ConnectionSwitch({
  isOn,
  onChange,
}: {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}) {
  const { t } = useTranslation();
  return (
    <Switch
      label={t("automations.replaceConnection")}
      description={isOn ? t("automations.replaceOn") : t("automations.replaceOff")}
      checked={isOn}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}
