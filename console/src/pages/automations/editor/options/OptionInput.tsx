import {
  CloseButton,
  Combobox,
  type InputWrapperProps,
  Loader,
  Pill,
  PillsInput,
  TextInput,
} from "@mantine/core";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  frame: Pick<InputWrapperProps, "description" | "error" | "withAsterisk"> & { label: string };
  isMany: boolean;
  isDisabled: boolean;
  isLoading: boolean;
  isOpen: boolean;
  chosen: { key: string; label: string }[];
  search: string;
  placeholder: string;
  onSearch: (text: string) => void;
  onOpen: () => void;
  onClose: () => void;
  onRemove: (key: string) => void;
}

/** The box of a choice: shows what is chosen, and takes the search while it is open. */
export function OptionInput(props: Props) {
  const { frame, chosen, isLoading, isDisabled, onRemove, onOpen, onClose, onSearch } = props;
  const { t } = useTranslation();
  const one = chosen[0];
  const field = {
    role: "combobox",
    disabled: isDisabled,
    onClick: onOpen,
    onBlur: onClose,
  };
  if (props.isMany) {
    const keys = (event: KeyboardEvent) => {
      const last = chosen.at(-1);
      if (event.key === "Backspace" && props.search === "" && last) onRemove(last.key);
    };
    return (
      <Combobox.DropdownTarget>
        <PillsInput
          {...frame}
          disabled={isDisabled}
          rightSection={isLoading && <Loader size={16} />}
        >
          <Pill.Group>
            {chosen.map(({ key, label }) => (
              <Pill
                key={key}
                withRemoveButton
                removeButtonProps={{
                  "aria-label": t("editor.remove", { label }),
                  "aria-hidden": false,
                  tabIndex: 0,
                }}
                onRemove={() => onRemove(key)}
              >
                {label}
              </Pill>
            ))}
            <Combobox.EventsTarget withExpandedAttribute>
              <PillsInput.Field
                {...field}
                aria-label={frame.label}
                placeholder={one ? undefined : props.placeholder}
                value={props.search}
                onChange={(event) => onSearch(event.currentTarget.value)}
                onKeyDown={keys}
              />
            </Combobox.EventsTarget>
          </Pill.Group>
        </PillsInput>
      </Combobox.DropdownTarget>
    );
  }
  const clear = one && (
    <CloseButton
      size="sm"
      aria-label={t("automations.clear", { label: frame.label })}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onRemove(one.key)}
    />
  );
  return (
    <Combobox.Target withExpandedAttribute>
      <TextInput
        {...frame}
        {...field}
        placeholder={one?.label ?? props.placeholder}
        value={props.isOpen ? props.search : (one?.label ?? "")}
        onChange={(event) => onSearch(event.currentTarget.value)}
        rightSectionPointerEvents="all"
        rightSection={isLoading ? <Loader size={16} /> : (clear ?? <Combobox.Chevron />)}
      />
    </Combobox.Target>
  );
}
