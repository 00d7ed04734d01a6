import { Code } from "@mantine/core";

/** A value as JSON. It can be focused, so that a keyboard can scroll it. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <Code
      block
      mah={320}
      style={{ overflow: "auto" }}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      {JSON.stringify(value, null, 2) ?? "null"}
    </Code>
  );
}
