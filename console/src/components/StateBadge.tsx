import { Badge } from "@mantine/core";

const COLOURS: Record<string, string> = {
  active: "green",
  canceled: "gray",
  completed: "green",
  connected: "green",
  delivered: "green",
  ending: "gray",
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
  skipped: "gray",
  starting: "blue",
  test: "blue",
  waiting: "orange",
};

/** How something stands; the colour only repeats what the word says. */
export function StateBadge({ state, label }: { state: string; label: string }) {
  return (
    <Badge variant="dot" color={COLOURS[state] ?? "gray"} tt="none" fw={500}>
      {label}
    </Badge>
  );
}
