import { Alert, Anchor, List } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { useTold } from "./draft/useTold";
import type { Draft } from "./draft/useDraft";

interface Props {
  faults: Fault[];
  /** What may be meant as it is, and may fail in a run. */
  warnings: Fault[];
  draft: Draft;
  /** Opens the step that a fault is about. */
  onSelect?: (id: string) => void;
}

/** All that was found in the draft, in the user's language. */
export function FaultList({ faults, warnings, ...rest }: Props) {
  const { t } = useTranslation();
  const title = (key: string, found: Fault[]) => t(key, { count: found.length });
  return (
    <>
      <Found {...rest} title={title("automations.faults", faults)} color="orange" found={faults} />
      <Found
        {...rest}
        title={title("automations.warnings", warnings)}
        color="yellow"
        found={warnings}
      />
    </>
  );
}

function Found({
  title,
  color,
  found,
  draft,
  onSelect,
}: Pick<Props, "draft" | "onSelect"> & { title: string; color: string; found: Fault[] }) {
  const toldOf = useTold(draft.definition);
  if (found.length === 0) return null;
  return (
    <Alert color={color} mb="md" title={title} aria-live="polite">
      <List size="sm">
        {found.map((fault) => {
          const { id, name, message } = toldOf(fault);
          return (
            <List.Item key={fault.path + fault.message}>
              {id && onSelect ? (
                <Anchor
                  component="button"
                  type="button"
                  size="sm"
                  underline="always"
                  c="inherit"
                  onClick={() => onSelect(id)}
                >
                  {name}
                </Anchor>
              ) : (
                <b>{name}</b>
              )}
              : {message}
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}
