import { Box, Code } from "@mantine/core";
import { stringify } from "../api/json";
import { CopyAction } from "./CopyAction";

/** A value as JSON, to read and to copy. It can be focused, so that a keyboard can scroll it. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = stringify(value, 2);
  return (
    <Box pos="relative">
      <Code
        block
        mah={320}
        pr={44}
        style={{ overflow: "auto" }}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        {text}
      </Code>
      <CopyAction
        label={label}
        value={text}
        variant="default"
        size="sm"
        pos="absolute"
        top={6}
        right={8}
      />
    </Box>
  );
}
