import { Alert, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../api/client";
import type { components } from "../api/schema";
import { ErrorAlert } from "./ErrorAlert";
import { Moment } from "./Moment";

type Pause = components["schemas"]["PauseView"];

interface Props {
  projectId: string;
  runId: string;
  pauses: Pause[];
}

/** What a run waits for, and how to let it go on. */
export function Pauses({ projectId, runId, pauses }: Props) {
  return pauses.map((pause) => (
    <PauseItem
      key={`${pause.runId}:${pause.stepId}:${pause.iteration}`}
      projectId={projectId}
      pageId={runId}
      pause={pause}
    />
  ));
}

function PauseItem({
  projectId,
  pageId,
  pause,
}: {
  projectId: string;
  pageId: string;
  pause: Pause;
}) {
  // It may be a called automation that waits.
  const { runId } = pause;
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [comment, setComment] = useState("");
  const look = () =>
    queries.invalidateQueries({ queryKey: ["projects", projectId, "run", pageId] });
  const isApproval = pause.kind === "approval";
  const isTriedAgain = !isApproval && pause.kind !== "callback" && pause.kind !== "delay";
  const resume = useMutation({
    mutationFn: (approved: boolean | null) =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/runs/{runId}/resume", {
          params: { path: { projectId, runId } },
          body: {
            stepId: pause.stepId,
            iteration: pause.iteration,
            approved,
            comment: comment.trim() || null,
          },
        }),
      ),
    onSuccess: () =>
      notifications.show({ message: t(isTriedAgain ? "runs.tried" : "runs.resumed") }),
    onSettled: () => look(),
  });
  const giveUp = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/runs/{runId}/give-up", {
          params: { path: { projectId, runId } },
          body: { stepId: pause.stepId, iteration: pause.iteration },
        }),
      ),
    onSettled: () => look(),
  });
  return (
    <Alert color="orange" title={t(`runs.pause_${pause.kind}`)}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{pause.message}</Text>
        <Text size="sm" c="dimmed">
          {t("runs.since")} <Moment at={pause.since} seconds />
          {pause.until && (
            <>
              {" · "}
              {t(isTriedAgain ? "runs.nextTry" : "runs.until")} <Moment at={pause.until} seconds />
            </>
          )}
        </Text>
        {isApproval && (
          <>
            <Textarea
              w="100%"
              label={t("runs.comment")}
              value={comment}
              maxLength={4000}
              autosize
              onChange={(event) => setComment(event.currentTarget.value)}
            />
            <Group>
              <Button
                loading={resume.isPending && resume.variables === true}
                disabled={resume.isPending}
                onClick={() => resume.mutate(true)}
              >
                {t("runs.approve")}
              </Button>
              <Button
                color="red"
                variant="light"
                loading={resume.isPending && resume.variables === false}
                disabled={resume.isPending}
                onClick={() => resume.mutate(false)}
              >
                {t("runs.reject")}
              </Button>
            </Group>
          </>
        )}
        {pause.kind === "callback" && <Text size="sm">{t("runs.callbackHint")}</Text>}
        <Group>
          {pause.kind === "connection" && (
            <Button size="xs" component={Link} to={placeOf(projectId, pause)}>
              {pause.userId ? t("runs.toUser", { user: pause.userId }) : t("runs.toMyAccount")}
            </Button>
          )}
          {!isApproval && pause.kind !== "callback" && (
            <Button
              size="xs"
              variant={pause.kind === "connection" ? "default" : "filled"}
              loading={resume.isPending}
              onClick={() => resume.mutate(null)}
            >
              {pause.kind === "delay" ? t("runs.skipDelay") : t("runs.resume")}
            </Button>
          )}
          {isTriedAgain && (
            <Button
              size="xs"
              variant="subtle"
              color="red"
              loading={giveUp.isPending}
              onClick={() => giveUp.mutate()}
            >
              {t("runs.giveUp")}
            </Button>
          )}
        </Group>
        <ErrorAlert error={resume.error ?? giveUp.error} />
      </Stack>
    </Alert>
  );
}

/** Where the account that is lacking is connected. */
function placeOf(projectId: string, { userId }: Pause): string {
  const project = `/projects/${projectId}`;
  return userId
    ? `${project}/statistics?user=${encodeURIComponent(userId)}`
    : `${project}/settings?area=integrations`;
}
