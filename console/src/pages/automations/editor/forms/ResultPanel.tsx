import { Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import type { Fault } from "../../../../api/client";
import { ValueField } from "./ValueField";
import { type Catalogue, outputSchemas } from "../draft/catalogue";
import { faultAt } from "../draft/faults";
import { setIn } from "../draft/model";
import { useSamples } from "../data/samples";
import { sourcesAt } from "../data/sources";
import type { Draft } from "../draft/useDraft";

interface Props {
  draft: Draft;
  catalogue: Catalogue;
  faults: Fault[];
}

/** What a run answers when all steps are done. */
export function ResultPanel({ draft, catalogue, faults }: Props) {
  const { t } = useTranslation();
  const { id: projectId = "", aid: automationId = "" } = useParams();
  const samples = useSamples({ projectId, automationId });
  const { definition } = draft;
  return (
    <Stack component="section" aria-label={t("automations.result")}>
      <Title order={2}>{t("automations.result")}</Title>
      <ValueField
        label={t("automations.result")}
        schema={{ description: t("automations.resultHint") }}
        value={definition.result ?? undefined}
        error={faultAt(faults, ["result"])}
        sources={sourcesAt(definition, ["result"], outputSchemas(catalogue), samples)}
        onChange={(value) => draft.edit((before) => setIn(before, ["result"], value), "result")}
      />
    </Stack>
  );
}
