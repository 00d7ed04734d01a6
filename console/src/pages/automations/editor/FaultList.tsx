import { Alert, Anchor, List } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../../api/client";
import { stepOfPath } from "./draft/faults";
import { isShaped } from "./draft/model";
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
  if (faults.length === 0) return null;
  const definition = isShaped(draft.definition) ? draft.definition : null;
  return (
    <Alert
      color="orange"
      mb="md"
      title={t("automations.faults", { count: faults.length })}
      aria-live="polite"
    >
      <List size="sm">
        {faults.map((fault) => {
          const place = definition && stepOfPath(definition, fault.path);
          return (
            <List.Item key={fault.path + fault.message}>
              {place && onSelect ? (
                <Anchor
                  component="button"
                  type="button"
                  size="sm"
                  underline="always"
                  c="inherit"
                  onClick={() => onSelect(place)}
                >
                  {fault.path}
                </Anchor>
              ) : (
                <b>{fault.path || t("automations.definition")}</b>
              )}
              : {fault.message}
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}
