import { Button, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { StepFormProps } from "./StepPanel";
import { ValueField } from "./ValueField";
import { When } from "./When";
import { type JsonObject, type Path, getIn } from "../draft/model";

/** The branches of a condition, or the cases of a switch. */
export function Entries(
  props: StepFormProps & { list: "branches" | "cases"; beginning: JsonObject },
) {
  const { place, set, faultOf, list, beginning } = props;
  const { t } = useTranslation();
  const entries = (getIn(place.step, [list]) ?? []) as JsonObject[];
  return (
    <Stack>
      {entries.map((entry, index) => (
        <Stack
          key={index}
          gap="xs"
          role="group"
          aria-label={t(`automations.${list}_one`, { number: index + 1 })}
        >
          <TextInput
            label={t(`automations.${list}_name`, { number: index + 1 })}
            maxLength={200}
            value={String(entry.name ?? "")}
            error={faultOf([list, index, "name"])}
            onChange={(event) => set([list, index, "name"], event.currentTarget.value || undefined)}
          />
          {list === "branches" ? (
            <When {...props} path={[list, index, "when"]} />
          ) : (
            <Equals {...props} path={[list, index, "equals"]} />
          )}
          {entries.length > 1 && (
            <Button
              size="xs"
              variant="subtle"
              color="red"
              onClick={() => set([list], entries.toSpliced(index, 1))}
            >
              {t(`automations.${list}_remove`, { number: index + 1 })}
            </Button>
          )}
        </Stack>
      ))}
      <Button variant="default" onClick={() => set([list], [...entries, beginning])}>
        {t(`automations.${list}_add`)}
      </Button>
    </Stack>
  );
}

/** What a case equals is a value of its own, no template. */
function Equals({ place, set, faultOf, path }: StepFormProps & { path: Path }) {
  const { t } = useTranslation();
  const value = getIn(place.step, path);
  return (
    <ValueField
      label={t("automations.field_equals")}
      schema={{ description: t("automations.equalsHint") }}
      value={value}
      error={value === undefined && faultOf(path) ? t("editor.needed") : faultOf(path)}
      sources={[]}
      onChange={(next) => set(path, next)}
    />
  );
}
