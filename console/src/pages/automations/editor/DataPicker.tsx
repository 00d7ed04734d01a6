import {
  ActionIcon,
  Popover,
  ScrollArea,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { IconBraces } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./editor.module.css";
import type { Source } from "./sources";

interface Props {
  label: string;
  sources: Source[];
  onPick: (expression: string) => void;
}

const GROUPS = ["data", "event", "run", "vars", "loop"];

/** Lets choose what an expression reads: the run's data, the event, earlier steps' outputs. */
export function DataPicker({ label, sources, onPick }: Props) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-end"
      width={340}
      shadow="md"
      trapFocus
      returnFocus
      withinPortal
    >
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          aria-label={t("automations.insertData", { label })}
          onClick={() => setOpen((before) => !before)}
        >
          <IconBraces size={16} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Sources
          sources={sources}
          onPick={(expression) => {
            setOpen(false);
            onPick(expression);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Sources({ sources, onPick }: Pick<Props, "sources" | "onPick">) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = sources.filter(({ expression, title }) =>
    `${expression} ${title}`.toLowerCase().includes(wanted),
  );
  const groups = [...new Set(found.map((source) => source.group))];
  return (
    <Stack gap="xs" onKeyDown={arrows}>
      <TextInput
        type="search"
        size="sm"
        data-autofocus
        label={t("automations.searchData")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah={300} viewportProps={{ tabIndex: -1 }}>
        {found.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("automations.noData")}
          </Text>
        )}
        {groups.map((group) => (
          <section key={group}>
            <Text size="xs" fw={600} c="dimmed">
              {GROUPS.includes(group)
                ? t(`automations.group_${group}`)
                : t("automations.group_step", { id: group })}
            </Text>
            {found
              .filter((source) => source.group === group)
              .map((source) => (
                <UnstyledButton
                  key={source.expression}
                  className={classes.component}
                  data-source
                  onClick={() => onPick(source.expression)}
                >
                  <span className={classes.words}>
                    <Text span size="sm" display="block">
                      {source.title}
                    </Text>
                    <Text span size="xs" c="dimmed">
                      {source.expression} · {source.type}
                    </Text>
                  </span>
                </UnstyledButton>
              ))}
          </section>
        ))}
      </ScrollArea.Autosize>
    </Stack>
  );
}

function arrows(event: KeyboardEvent<HTMLElement>): void {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (by === 0) return;
  event.preventDefault();
  const choices = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-source]")];
  const at = choices.indexOf(document.activeElement as HTMLElement);
  choices[Math.max(0, at + by)]?.focus();
}
