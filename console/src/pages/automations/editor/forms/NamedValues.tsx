import { ActionIcon, Button, Group, Stack, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { StepFormProps } from "./StepPanel";
import { ValueField } from "./ValueField";
import classes from "../editor.module.css";
import { useKept } from "../draft/kept";
import { ID_PATTERN, type JsonObject, type Path, formatPath, getIn } from "../draft/model";

/** A map of names that the developer chooses: variables, or the data of a call. */
export function NamedValues(props: StepFormProps & { path: Path }) {
  const { place, set, sources, faultOf, path } = props;
  const { t } = useTranslation();
  const [typed, setTyped] = useKept(`${place.step.id}.${formatPath(path)}`, "");
  const values = (getIn(place.step, path) ?? {}) as JsonObject;
  const name = typed.trim();
  const problem =
    name === ""
      ? null
      : !ID_PATTERN.test(name)
        ? t("automations.idBad")
        : name in values
          ? t("automations.nameTaken")
          : null;
  return (
    <Stack gap="sm">
      {Object.entries(values).map(([key, value]) => (
        <Group key={key} gap="xs" align="flex-start" wrap="nowrap">
          <div className={classes.words}>
            <ValueField
              label={key}
              schema={{}}
              value={value}
              error={faultOf([...path, key])}
              sources={sources([...path, key])}
              onChange={(next) => set([...path, key], next ?? "")}
            />
          </div>
          <ActionIcon
            mt={26}
            size="lg"
            variant="subtle"
            color="red"
            aria-label={t("automations.removeValue", { name: key })}
            onClick={() => set([...path, key], undefined)}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name === "" || problem) return;
          set([...path, name], "");
          setTyped("");
        }}
      >
        <Group gap="xs" align="flex-start" wrap="nowrap">
          <TextInput
            flex={1}
            label={t("automations.newValue")}
            value={typed}
            error={problem}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button
            type="submit"
            mt={24}
            variant="default"
            disabled={name === "" || problem !== null}
          >
            {t("automations.add")}
          </Button>
        </Group>
      </form>
    </Stack>
  );
}
