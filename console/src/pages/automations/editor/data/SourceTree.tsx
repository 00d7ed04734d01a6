import { Text } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { stringify } from "../../../../api/json";
import classes from "../forms/forms.module.css";
import { type Row, lineOf, typeOf } from "./tree";
import type { Source } from "./sources";

interface Props {
  id: string;
  rows: Row[];
  onPick: (expression: string) => void;
  onToggle: (expression: string, isOpen: boolean) => void;
  /** Goes up from the first row. */
  onLeave: () => void;
}

const WHOLE = 2000;

/** What can be read, as a tree: arrows walk and open it, Enter chooses (ARIA's tree pattern). */
export function SourceTree({ id, rows, onPick, onToggle, onLeave }: Props) {
  const { t } = useTranslation();
  const [looked, setLooked] = useState<string | null>(null);
  const current = Math.max(
    0,
    rows.findIndex(({ source }) => source.expression === looked),
  );
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    const row = rows[current];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = event.currentTarget.querySelectorAll<HTMLElement>("[role=treeitem]");
    const go = (index: number) => items[index]?.focus();
    switch (event.key) {
      case "ArrowDown":
        go(current + 1);
        break;
      case "ArrowUp":
        if (current === 0) onLeave();
        else go(current - 1);
        break;
      case "Home":
        go(0);
        break;
      case "End":
        go(rows.length - 1);
        break;
      case "ArrowRight":
        if (row.isOpen === false) onToggle(row.source.expression, true);
        else if (row.isOpen) go(current + 1);
        break;
      case "ArrowLeft":
        if (row.isOpen) onToggle(row.source.expression, false);
        else go(rows.findLastIndex((one, at) => at < current && one.level < row.level));
        break;
      case "Enter":
      case " ":
        onPick(row.source.expression);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const shown = rows[current]?.source;
  return (
    <>
      <div
        id={id}
        role="tree"
        aria-label={t("editor.tree")}
        className={classes.tree}
        onKeyDown={keys}
      >
        {rows.map((row, index) => (
          <Entry
            key={row.source.expression}
            row={row}
            isCurrent={index === current}
            onLook={() => setLooked(row.source.expression)}
            onPick={() => onPick(row.source.expression)}
            onToggle={() => onToggle(row.source.expression, !row.isOpen)}
          />
        ))}
      </div>
      {shown && <Details source={shown} />}
    </>
  );
}

function Entry({
  row: { source, level, isOpen, isMatch },
  isCurrent,
  onLook,
  onPick,
  onToggle,
}: {
  row: Row;
  isCurrent: boolean;
  onLook: () => void;
  onPick: () => void;
  onToggle: () => void;
}) {
  const { t } = useTranslation();
  const title = useTitle(source, level);
  return (
    <div
      role="treeitem"
      data-mantine-stop-propagation
      aria-level={level}
      aria-expanded={isOpen ?? undefined}
      aria-selected={isCurrent}
      tabIndex={isCurrent ? 0 : -1}
      className={classes.source}
      data-found={isMatch}
      style={{ paddingLeft: 4 + (level - 1) * 14 }}
      onFocus={onLook}
      onMouseEnter={onLook}
      onClick={onPick}
    >
      <span
        className={classes.chevron}
        data-open={isOpen === true || undefined}
        onClick={(event) => {
          if (isOpen === null) return;
          event.stopPropagation();
          onToggle();
        }}
      >
        {isOpen !== null && <IconChevronRight size={14} aria-hidden />}
      </span>
      <span className={classes.name}>{title}</span>
      {source.maybe !== undefined && <span className={classes.maybe}>{t("editor.maybe")}</span>}
      {source.sample !== undefined && (
        <span className={classes.sample}>{lineOf(source.sample)}</span>
      )}
    </div>
  );
}

function useTitle({ group, expression, title }: Source, level: number): string {
  const { t } = useTranslation();
  if (level > 1 || group === "loop") return title;
  if (group !== "step") return t(`editor.group_${group}`);
  return expression.endsWith(".error")
    ? t("editor.group_error", { name: title })
    : t("editor.group_step", { name: title });
}

/** How the current entry is written, and the whole of its value. */
function Details({ source }: { source: Source }) {
  const { t } = useTranslation();
  const { expression, sample } = source;
  const text = typeof sample === "string" ? sample : stringify(sample, 2);
  return (
    <div className={classes.details}>
      <Text size="xs" c="dimmed">
        <code>{expression}</code> · {t(`editor.type_${typeOf(source)}`)}
      </Text>
      {source.maybe !== undefined && (
        <Text size="xs">{t("editor.maybeText", { name: source.maybe, expression })}</Text>
      )}
      <pre tabIndex={0} role="region" aria-label={t("editor.value")} data-mantine-stop-propagation>
        {sample === undefined ? t("editor.noSample") : text.slice(0, WHOLE)}
      </pre>
    </div>
  );
}
