import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import type { Filters } from "./useFilters";

interface Props {
  filters: Filters;
  label: string;
  /** What takes the named filters away; absent while nothing is filtered. */
  clear: { names: string[]; label: string } | null;
  children: ReactNode;
}

/** The filters of a list, and the button that takes them away. */
export function FilterBar({ filters, label, clear, children }: Props) {
  return (
    <Group align="flex-end" role="search" aria-label={label}>
      {children}
      {clear && (
        <Button
          variant="subtle"
          onClick={() =>
            filters.choose(Object.fromEntries(clear.names.map((name) => [name, null])))
          }
        >
          {clear.label}
        </Button>
      )}
    </Group>
  );
}
