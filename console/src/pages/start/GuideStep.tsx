import { Box, Button, Group, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ErrorAlert } from "../../components/ErrorAlert";
import type { Progress, Step } from "./progress";
import { RunCommand } from "./RunCommand";
import { useGuideToken } from "./token";

interface Props {
  step: Step;
  number: number;
  projectId: string;
  progress: Progress;
}

/** One step; only the next one tells how. */
export function GuideStep({ step, number, projectId, progress }: Props) {
  const { t } = useTranslation();
  const isDone = progress.done[step];
  const isNext = progress.next === step;
  return (
    <Group
      component="li"
      wrap="nowrap"
      align="flex-start"
      gap="sm"
      style={{ listStyle: "none" }}
      aria-current={isNext ? "step" : undefined}
    >
      <ThemeIcon
        radius="xl"
        size={26}
        variant={isDone || isNext ? "filled" : "light"}
        color={isDone ? "green.9" : isNext ? undefined : "gray"}
        aria-hidden
      >
        {isDone ? <IconCheck size={16} /> : <Text size="sm">{number}</Text>}
      </ThemeIcon>
      <Box flex={1} miw={0} pt={2}>
        <Text fw={isNext ? 600 : 400} c={isDone ? "dimmed" : undefined}>
          {t(`start.${step}`)}
          {isDone && <VisuallyHidden>, {t("start.done")}</VisuallyHidden>}
        </Text>
        {isNext && (
          <>
            <Text size="sm" c="dimmed" maw={620} mb="sm">
              {t(`start.${step}_text`)}
            </Text>
            <Action step={step} projectId={projectId} progress={progress} />
          </>
        )}
      </Box>
    </Group>
  );
}

function Action({ step, projectId, progress }: Omit<Props, "number">) {
  const { t } = useTranslation();
  if (step === "run") return <RunCommand projectId={projectId} />;
  if (step === "token") return <MakeToken projectId={projectId} />;
  const editor = progress.automation?.id ?? "";
  const to = { make: "?new=greet", test: `${editor}?tab=test`, publish: editor }[step];
  return (
    <Button component={Link} to={to}>
      {t(`start.${step}_button`)}
    </Button>
  );
}

function MakeToken({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const { create } = useGuideToken(projectId);
  return (
    <>
      <ErrorAlert error={create.error} />
      <Button loading={create.isPending} onClick={() => create.mutate(t("start.tokenName"))}>
        {t("start.token_button")}
      </Button>
    </>
  );
}
