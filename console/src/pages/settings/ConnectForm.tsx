import { Button, Modal, Skeleton, Stack } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import { CredentialFields, isShown, type Values } from "../../components/CredentialFields";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { appQuery } from "./useIntegrations";

interface Props {
  projectId: string;
  appKey: string;
  /** The app's name. */
  name: string;
  onConnected: () => void;
  onClose: () => void;
}

/** Connects the developer's own account at an app that is connected by a form. */
export function ConnectForm({ projectId, appKey, name, onConnected, onClose }: Props) {
  const { t } = useTranslation();
  const [values, setValues] = useState<Values>({});
  const app = useQuery(appQuery(appKey));
  const fields = app.data?.fields.filter((field) => isShown(field, values)) ?? [];
  const connect = useMutation({
    // What was entered leaves the page's memory with the window.
    gcTime: 0,
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{projectId}/developer/connections/{appKey}", {
          params: { path: { projectId, appKey } },
          body: {
            connectionFields: Object.fromEntries(
              fields.flatMap((field) => {
                const value = values[field.name];
                return value ? [[field.name, value]] : [];
              }),
            ),
          },
        }),
      ),
    onSuccess: () => {
      onConnected();
      onClose();
    },
  });
  const faults = faultsOf(connect.error);
  const errors = Object.fromEntries(
    fields.map(({ name: field }) => [field, faults[`connectionFields.${field}`]]),
  );
  const isPlaced = Object.keys(faults).some(
    (path) => errors[path.replace("connectionFields.", "")],
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("settings.connectApp", { app: name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <ErrorAlert error={app.error} />
      {app.isPending && <Skeleton height={120} />}
      {app.data && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            connect.mutate();
          }}
        >
          <Stack>
            <CredentialFields
              fields={app.data.fields}
              values={values}
              errors={errors}
              onChange={(field, value) => setValues((before) => ({ ...before, [field]: value }))}
            />
            {!isPlaced && <ErrorAlert error={connect.error} />}
            <Button type="submit" loading={connect.isPending}>
              {t("settings.connect")}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
