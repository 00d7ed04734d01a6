import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { wordedError } from "../app/wording";

/** What failed, in the API's words or, by its codes, in the user's language, which say what to do. */
export function ErrorAlert({ error }: { error: Error | null | undefined }) {
  const { t } = useTranslation();
  if (!error) return null;
  const isUnreachable = error instanceof ApiError && error.code === 0 && error.status === 0;
  return (
    <Alert color="red" role="alert" mb="sm" icon={<IconAlertCircle aria-hidden />}>
      {isUnreachable ? t("common.unreachable") : wordedError(error)}
    </Alert>
  );
}
