import { Modal, ScrollArea, Skeleton, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconClipboard } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import { KindIcon, StepIcon } from "../StepIcon";
import { useAppViews, useApps } from "../draft/catalogue";
import { heldText, pasted } from "../draft/clipboard";
import classes from "../editor.module.css";
import { labelOf } from "./labels";
import type { Definition, Step } from "../draft/model";
import { FLOW_TYPES, newAppStep, newFlowStep } from "../draft/steps";

interface Props {
  definition: Definition;
  isOpen: boolean;
  onClose: () => void;
  onAdd: (steps: Step[]) => void;
}

/** The catalogue: what the flow knows by itself, and the actions of each app. */
export function AddStep({ definition, isOpen, onClose, onAdd }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("automations.addTitle")}
      size="lg"
      scrollAreaComponent={ScrollArea.Autosize}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Choices definition={definition} onAdd={onAdd} />
    </Modal>
  );
}

function Choices({ definition, onAdd }: Pick<Props, "definition" | "onAdd">) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const apps = useApps();
  const withActions = apps.data?.items.filter((app) => app.componentCount > 0) ?? [];
  const catalogue = useAppViews(withActions.map((app) => app.key));
  const matches = (...texts: string[]) => {
    const words = search.toLowerCase().split(/\s+/);
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const flow = FLOW_TYPES.map((type) => ({
    type,
    name: t(`automations.type_${type}`),
    text: t(`automations.type_${type}_text`),
  })).filter(({ type, name, text }) =>
    matches(type, name, text, t(`editor.also_${type}`, { defaultValue: "" })),
  );
  // All at once: one app after the other would push down what is being aimed at.
  const found = (catalogue.isPending ? [] : withActions)
    .map((app) => ({
      app,
      components: (catalogue.apps.get(app.key)?.components ?? []).filter((component) =>
        matches(app.name, component.key, component.name, component.description),
      ),
    }))
    .filter(({ components }) => components.length > 0);
  // With the ids that they would have here.
  const copied = pasted(definition, heldText());
  const isEmpty = flow.length === 0 && found.length === 0 && !catalogue.isPending;
  return (
    <Stack onKeyDown={arrows} data-choices>
      <TextInput
        data-autofocus
        type="search"
        label={t("automations.searchSteps")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || search.trim() === "") return;
          event.preventDefault();
          event.currentTarget
            .closest("[data-choices]")
            ?.querySelector<HTMLElement>("[data-choice]")
            ?.click();
        }}
      />
      <ErrorAlert error={apps.error ?? catalogue.error} />
      {isEmpty && <Text c="dimmed">{t("automations.noneFound")}</Text>}
      {copied && search === "" && (
        <Choice
          name={t("keyboard.pasteChoice")}
          text={copied.map(labelOf).join(", ")}
          icon={<KindIcon Icon={IconClipboard} />}
          onClick={() => onAdd(copied)}
        />
      )}
      {flow.length > 0 && (
        <section aria-label={t("automations.flowSteps")}>
          <Text size="sm" fw={600} c="dimmed">
            {t("automations.flowSteps")}
          </Text>
          {flow.map(({ type, name, text }) => (
            <Choice
              key={type}
              name={name}
              text={text}
              icon={<StepIcon type={type} catalogue={catalogue} />}
              onClick={() => onAdd([newFlowStep(definition, type)])}
            />
          ))}
        </section>
      )}
      {found.map(({ app, components }) => (
        <section key={app.key} aria-label={app.name}>
          <Text size="sm" fw={600} c="dimmed">
            {app.name}
          </Text>
          {components.map((component) => (
            <Choice
              key={component.key}
              name={component.name}
              text={component.description}
              icon={<StepIcon type="app" component={component.key} catalogue={catalogue} />}
              onClick={() => onAdd([newAppStep(definition, component.key, component.name)])}
            />
          ))}
        </section>
      ))}
      {(apps.isPending || catalogue.isPending) && <Skeleton height={160} />}
    </Stack>
  );
}

function Choice({
  name,
  text,
  icon,
  onClick,
}: {
  name: string;
  text: string;
  icon: ReactNode;
  onClick: () => void;
}) {
  return (
    <UnstyledButton className={classes.component} data-choice onClick={onClick}>
      {icon}
      <span className={classes.words}>
        <Text span display="block" fw={500}>
          {name}
        </Text>
        <Text span size="sm" c="dimmed">
          {text}
        </Text>
      </span>
    </UnstyledButton>
  );
}

/** Arrow keys go through the choices, from the search field on. */
function arrows(event: KeyboardEvent<HTMLElement>): void {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (by === 0) return;
  const choices = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-choice]")];
  const at = choices.indexOf(document.activeElement as HTMLElement);
  event.preventDefault();
  choices[Math.max(0, at + by)]?.focus();
}
