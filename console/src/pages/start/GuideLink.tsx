import { NavLink } from "@mantine/core";
import { IconFlag } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useGuideState } from "./guideState";
import { useProgress } from "./progress";

/** The way back to the guide from any page of the project, with what comes next. */
export function GuideLink({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const [state] = useGuideState(projectId);
  const { data: progress } = useProgress(projectId, state === "open");
  if (state !== "open" || !progress) return null;
  return (
    <NavLink
      component={Link}
      to={`/projects/${projectId}/automations`}
      mt="md"
      label={t("start.title")}
      description={
        progress.next
          ? t("start.nextStep", { step: t(`start.${progress.next}`) })
          : t("start.allDone")
      }
      leftSection={<IconFlag size={18} stroke={1.7} aria-hidden />}
    />
  );
}
