import { Combobox, type InputWrapperProps, useCombobox } from "@mantine/core";
import { useDebouncedValue, useSessionStorage } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { OptionInput } from "./OptionInput";
import { OptionList } from "./OptionList";
import { OptionState } from "./OptionState";
import type { Json } from "../draft/model";
import { type Asked, type Option, keyOf, useOptions } from "./options";

interface Props {
  asked: Asked;
  /** Whether the value is a list of choices. */
  isMany: boolean;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  /** Label, description, error: as any input has them. */
  frame: Pick<InputWrapperProps, "description" | "error" | "withAsterisk"> & { label: string };
}

const TYPING_MS = 300;

/** A choice of what the app has for this account: loaded when opened, searched, page by page. */
export function OptionField({ asked, isMany, value, onChange, frame }: Props) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [typed] = useDebouncedValue(search, TYPING_MS);
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      setSearch("");
    },
  });
  const chosen: Json[] = Array.isArray(value) && isMany ? value : isEmpty(value) ? [] : [value];
  const canAsk = asked.missing.length === 0 && asked.computed.length === 0;
  const isOpen = combobox.dropdownOpened;
  const all = useOptions(asked, "", canAsk && (isOpen || chosen.length > 0));
  const found = useOptions(asked, typed, canAsk && isOpen);
  const label = useLabels(asked, all.data ?? []);

  const [givenFirst, setGivenFirst] = useState(() => keyOf(asked.given));
  const isComplete = !asked.isSearched && !all.hasNextPage;
  const hasMoved = keyOf(asked.given) !== givenFirst;
  const isKnown = (one: Json) => all.data?.some((option) => keyOf(option.value) === keyOf(one));
  // A part of the options proves nothing, unless what they depend on was just changed.
  const unknown =
    canAsk && all.isSuccess && (isComplete || hasMoved)
      ? chosen.filter((one) => !isKnown(one))
      : [];

  const pick = (option: Option) => {
    label.keep(option);
    setGivenFirst(keyOf(asked.given));
    if (!isMany) {
      combobox.closeDropdown();
      onChange(option.value);
      return;
    }
    const others = chosen.filter((one) => keyOf(one) !== keyOf(option.value));
    put(others.length < chosen.length ? others : [...chosen, option.value]);
  };
  const put = (next: Json[]) => onChange(next.length === 0 ? undefined : isMany ? next : next[0]);
  return (
    <div>
      <Combobox
        store={combobox}
        withinPortal
        onOptionSubmit={(key) => {
          const option = found.data?.find((one) => keyOf(one.value) === key);
          if (option) pick(option);
          else void found.fetchNextPage();
        }}
      >
        <OptionInput
          frame={frame}
          isMany={isMany}
          isDisabled={!canAsk}
          isLoading={found.isFetching}
          isOpen={isOpen}
          chosen={chosen.map((one) => ({ key: keyOf(one), label: label.of(one) }))}
          search={search}
          placeholder={t("editor.choose")}
          onSearch={(text) => {
            setSearch(text);
            combobox.openDropdown();
            combobox.resetSelectedOption();
          }}
          onOpen={() => combobox.openDropdown()}
          onClose={() => combobox.closeDropdown()}
          onRemove={(key) => put(chosen.filter((one) => keyOf(one) !== key))}
        />
        <OptionList
          label={frame.label}
          query={found}
          options={matching(found.data ?? [], asked.isSearched ? "" : search)}
          isTyping={asked.isSearched && search !== typed}
          chosen={chosen.map(keyOf)}
        />
      </Combobox>
      <OptionState
        asked={asked}
        error={found.error ?? all.error}
        onRetry={() => void (isOpen ? found.refetch() : all.refetch())}
        unknown={unknown.map(label.of)}
      />
    </div>
  );
}

function isEmpty(value: Json | undefined): value is undefined | null | "" {
  return value === undefined || value === null || value === "";
}

function matching(options: Option[], search: string): Option[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return options;
  return options.filter(({ label, description }) =>
    `${label} ${description ?? ""}`.toLowerCase().includes(wanted),
  );
}

/** What people read for a value; kept while the tab lives, so that it needs no account to be read. */
function useLabels({ projectId, component, input }: Asked, options: Option[]) {
  const [kept, setKept] = useSessionStorage<Record<string, string>>({
    key: `inlay.labels.${projectId}.${component}.${input}`,
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  return {
    of: (value: Json): string => {
      const key = keyOf(value);
      const option = options.find((one) => keyOf(one.value) === key);
      return option?.label ?? kept[key] ?? (typeof value === "string" ? value : key);
    },
    keep: ({ value, label }: Option) => setKept((before) => ({ ...before, [keyOf(value)]: label })),
  };
}
