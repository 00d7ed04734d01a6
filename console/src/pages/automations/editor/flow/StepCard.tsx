import { Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "../editor.module.css";
import { useLacking } from "../draft/lacking";
import { StepStanding } from "../test/StepStanding";
import { useShownRun } from "../test/useTestRun";

interface Props {
  /** A step's id, `TRIGGER` or `RESULT`. */
  id: string;
  icon: ReactNode;
  title: string;
  detail: string;
  /** "Step 2 of 5"; of the trigger and the result nothing. */
  position?: string;
  isLoop?: boolean;
  hasFaults: boolean;
  /** The app that it calls; marked while that cannot be called. */
  appKey?: string;
  isSelected: boolean;
  onSelect: (id: string) => void;
  children?: ReactNode;
}

/** A card of the flow: what it is, how it stands in the run that is shown. */
export function StepCard(props: Props) {
  const { id, icon, title, detail, position, isLoop = false, hasFaults, isSelected } = props;
  const { t } = useTranslation();
  const lack = useLacking().find(({ appKey }) => appKey === props.appKey);
  const standing = useShownRun().standings.get(id);
  return (
    <div className={classes.row}>
      <UnstyledButton
        className={classes.card}
        data-step={id}
        data-selected={isSelected || undefined}
        data-state={standing?.state}
        aria-pressed={isSelected}
        onClick={() => props.onSelect(id)}
      >
        {icon}
        <span className={classes.words}>
          <Text span fw={500} display="block" lineClamp={2}>
            {position && <VisuallyHidden>{position}, </VisuallyHidden>}
            {title}
            <VisuallyHidden>, </VisuallyHidden>
          </Text>
          <Text span size="xs" c="dimmed">
            {detail}
            <VisuallyHidden>, </VisuallyHidden>
          </Text>
        </span>
        {standing && <StepStanding standing={standing} isLoop={isLoop} />}
        {lack && (
          <IconPlugConnectedX
            size={18}
            className={classes.fault}
            role="img"
            aria-label={t(`editor.lacking_${lack.lack}`, { app: lack.appName })}
          />
        )}
        {hasFaults && (
          <IconAlertTriangle
            size={18}
            className={classes.fault}
            role="img"
            aria-label={t("automations.hasFaults")}
          />
        )}
      </UnstyledButton>
      {props.children}
    </div>
  );
}
