import { Textarea, type TextareaProps } from "@mantine/core";
import { useRef } from "react";
import { DataPicker } from "../data/DataPicker";
import { type FieldKind, inserted } from "../data/expressions";
import type { Source } from "../data/sources";

interface Props extends Omit<TextareaProps, "value" | "onChange" | "label"> {
  label: string;
  value: string;
  onChange: (text: string) => void;
  sources: Source[];
  kind: FieldKind;
}

/** Text into which the data picker inserts at the caret. */
export function TextValue({ label, value, onChange, sources, kind, ...rest }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const wasFocused = useRef(false);
  const isCode = kind === "bare" || kind === "value";
  const pick = (expression: string) => {
    // Before anybody put the caret anywhere, it goes to the end.
    const caret = wasFocused.current ? area.current : null;
    const start = caret?.selectionStart ?? value.length;
    const end = caret?.selectionEnd ?? value.length;
    const next = inserted(value, expression, start, end, kind);
    onChange(next.text);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(next.caret, next.caret);
    });
  };
  return (
    <Textarea
      {...rest}
      ref={area}
      label={label}
      autosize
      minRows={1}
      maxRows={12}
      spellCheck={!isCode}
      styles={isCode ? { input: { fontFamily: "monospace" } } : undefined}
      value={value}
      onFocus={() => {
        wasFocused.current = true;
      }}
      onChange={(event) => onChange(event.currentTarget.value)}
      rightSection={<DataPicker label={label} sources={sources} onPick={pick} />}
    />
  );
}
