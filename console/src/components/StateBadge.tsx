import { Badge } from "@mantine/core";

/** Seen on light and on dark. */
const QUIET = "gray.5";

const COLOURS: Record<string, string> = {
  active: "green",
  completed: "green",
  connected: "green",
  delivered: "green",
  error: "red",
  failed: "red",
  failing: "red",
  invalid: "red",
  "needs-connection": "orange",
  paused: "orange",
  pending: "blue",
  rejected: "red",
  run: "green",
  running: "blue",
  starting: "blue",
  test: "blue",
  waiting: "orange",
};

/** How something stands; the colour only repeats what the word says. */
export function StateBadge({ state, label }: { state: string; label: string }) {
  return (
    <Badge variant="dot" color={COLOURS[state] ?? QUIET} tt="none" fw={500} miw="max-content">
      {label}
    </Badge>
  );
}
