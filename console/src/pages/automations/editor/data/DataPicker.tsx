import { ActionIcon, Button, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconBraces } from "@tabler/icons-react";
import { type KeyboardEvent, use, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { FunctionHelp } from "./FunctionHelp";
import { SourceTree } from "./SourceTree";
import { OpenTest } from "../openTest";
import { lacksSamples, openAtFirst, rowsOf } from "./tree";
import type { Source } from "./sources";

interface Props {
  label: string;
  sources: Source[];
  onPick: (expression: string) => void;
}

/** Lets choose what an expression reads, with the values that the newest run had. */
export function DataPicker({ label, sources, onPick }: Props) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const [hasHelp, setHelp] = useState(false);
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-end"
      width={356}
      shadow="md"
      trapFocus
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
        <Stack gap="xs">
          {hasHelp ? (
            <FunctionHelp />
          ) : (
            <Sources
              sources={sources}
              onPick={(expression) => {
                setOpen(false);
                onPick(expression);
              }}
            />
          )}
          <Button
            size="compact-xs"
            variant="subtle"
            data-mantine-stop-propagation
            onClick={() => setHelp((before) => !before)}
          >
            {hasHelp ? t("editor.showData") : t("editor.showFunctions")}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Sources({ sources, onPick }: Pick<Props, "sources" | "onPick">) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(sources));
  const box = useRef<HTMLInputElement>(null);
  const treeId = useId();
  const openTest = use(OpenTest);
  const rows = rowsOf(sources, open, search);
  const first = rows.findIndex((row) => row.isMatch);
  const keys = (event: KeyboardEvent) => {
    if (first < 0) return;
    if (event.key === "ArrowDown") {
      event.preventDefault();
      const items = document.getElementById(treeId)?.querySelectorAll("[role=treeitem]");
      (items?.item(first) as HTMLElement | null)?.focus();
    } else if (event.key === "Enter" && search.trim() !== "") {
      event.preventDefault();
      onPick(rows[first]?.source.expression ?? "");
    }
  };
  return (
    <Stack gap="xs">
      <TextInput
        ref={box}
        type="search"
        size="sm"
        data-autofocus
        // Escape closes this, not the drawer that it is in.
        data-mantine-stop-propagation
        label={t("automations.searchData")}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={keys}
      />
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed" role="status">
          {sources.length === 0 ? t("automations.noData") : t("editor.nothingFound")}
        </Text>
      ) : (
        <SourceTree
          id={treeId}
          rows={rows}
          onPick={onPick}
          onToggle={(expression, isOpen) =>
            setOpen((before) => {
              const next = new Set(before);
              if (isOpen) next.add(expression);
              else next.delete(expression);
              return next;
            })
          }
          onLeave={() => box.current?.focus()}
        />
      )}
      {lacksSamples(sources) && (
        <Group justify="space-between" gap="xs">
          <Text size="xs" c="dimmed">
            {t("editor.noSamples")}
          </Text>
          {openTest && (
            <Button
              size="compact-xs"
              variant="light"
              data-mantine-stop-propagation
              onClick={openTest}
            >
              {t("editor.openTest")}
            </Button>
          )}
        </Group>
      )}
    </Stack>
  );
}
