import { Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: string;
  /** What to do about it. */
  text: string;
  /** A button that does it. */
  action?: ReactNode;
}

/** Where a list would be, when there is nothing to list. */
export function EmptyState({ title, text, action }: Props) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center" py="lg">
        <Text fw={600} size="lg">
          {title}
        </Text>
        <Text c="dimmed" maw={460}>
          {text}
        </Text>
        {action}
      </Stack>
    </Paper>
  );
}
