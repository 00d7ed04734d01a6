import { Textarea, type TextareaProps } from "@mantine/core";
import { useRef } from "react";
import { DataPicker } from "../data/DataPicker";
import { type Source, inserted } from "../data/sources";

interface Props extends Omit<TextareaProps, "value" | "onChange" | "label"> {
  label: string;
  value: string;
  onChange: (text: string) => void;
  sources: Source[];
  /** The whole text is an expression, without braces. */
  bare?: boolean;
  isCode?: boolean;
}

/** Text into which the data picker inserts at the caret. */
export function TextValue({ label, value, onChange, sources, bare, isCode, ...rest }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const pick = (expression: string) => {
    const { selectionStart: start, selectionEnd: end } = area.current ?? {
      selectionStart: value.length,
      selectionEnd: value.length,
    };
    const next = inserted(value, expression, start, end, bare ?? false);
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
      spellCheck={!bare && !isCode}
      styles={bare || isCode ? { input: { fontFamily: "monospace" } } : undefined}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      rightSection={<DataPicker label={label} sources={sources} onPick={pick} />}
    />
  );
}
