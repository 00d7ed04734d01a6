import { Alert, Anchor, List } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { useTold } from "./draft/useTold";
import type { Draft } from "./draft/useDraft";

interface Props {
  faults: Fault[];
  draft: Draft;
  /** Opens the step that a fault is about. */
  onSelect?: (id: string) => void;
}

/** All faults of the draft, in the API's words. */
export function FaultList({ faults, draft, onSelect }: Props) {
  const { t } = useTranslation();
  const toldOf = useTold(draft.definition);
  if (faults.length === 0) return null;
  return (
    <Alert
      color="orange"
      mb="md"
      title={t("automations.faults", { count: faults.length })}
      aria-live="polite"
    >
      <List size="sm">
        {faults.map((fault) => {
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
