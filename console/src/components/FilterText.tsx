import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import type { Filters } from "./useFilters";

interface Props {
  filters: Filters;
  name: string;
  label: string;
  placeholder?: string;
}

/** A filter that is typed; it counts when the typing rests. */
export function FilterText({ filters, name, label, placeholder }: Props) {
  const value = filters.get(name) ?? "";
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  const write = useDebouncedCallback(
    (text: string) => filters.choose({ [name]: text.trim() || null }),
    250,
  );
  if (value !== seen) {
    setSeen(value);
    // All filters were cleared.
    if (!value) setTyped("");
  }
  return (
    <TextInput
      type="search"
      label={label}
      placeholder={placeholder}
      w={{ base: "calc(50% - 8px)", xs: 170 }}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        write(event.currentTarget.value);
      }}
    />
  );
}
