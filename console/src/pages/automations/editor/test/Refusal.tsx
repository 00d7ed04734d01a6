import { Anchor } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "../../../../api/client";
import { ErrorAlert } from "../../../../components/ErrorAlert";
import { LackingAlert } from "../LackingAlert";
import { useLacking } from "../draft/lacking";

/** The API's codes for what is mended in the project's settings. */
const OF_SETTINGS = [209, 216, 217, 600];

interface Props {
  projectId: string;
  error: Error | null;
  /** Which apps it is about. */
  appKeys: string[];
  /** Before anything is refused, too. */
  isToldAhead?: boolean;
  /** What was refused is possible now. */
  onMended: () => void;
}

/** Why a test was refused, or would be: said once, and no longer than it is true. */
export function Refusal({ projectId, error, appKeys, isToldAhead = false, onMended }: Props) {
  const { t } = useTranslation();
  const lacking = useLacking().filter(({ appKey }) => appKeys.includes(appKey));
  const isOfSettings = error instanceof ApiError && OF_SETTINGS.includes(error.code);
  const state = lacking.map(({ appKey, lack }) => `${appKey}:${lack}`).join();
  useEffect(() => {
    // The last thing that lacked was mended, here or in another window.
    if (state === "") onMended();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [state]);
  if (!isOfSettings)
    return (
      <>
        {isToldAhead && <LackingAlert projectId={projectId} lacking={lacking} />}
        <ErrorAlert error={error} />
      </>
    );
  if (lacking.length > 0) return <LackingAlert projectId={projectId} lacking={lacking} />;
  return (
    <>
      <ErrorAlert error={error} />
      <Anchor component={Link} to={`/projects/${projectId}/settings?area=integrations`} size="sm">
        {t("testing.openSettings")}
      </Anchor>
    </>
  );
}
