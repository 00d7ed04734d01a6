import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema";
import { Moment } from "./Moment";

interface Props {
  count: number;
  last: components["schemas"]["Refusal"] | null | undefined;
}

/** Deliveries that were refused: how many, and why the last one was. */
export function Refusals({ count, last }: Props) {
  const { t } = useTranslation();
  if (!last) return null;
  return (
    <Alert
      color="orange"
      title={
        <>
          {t("registrations.lastRefusal", { count })} <Moment at={last.at} />
        </>
      }
    >
      {last.reason}
    </Alert>
  );
}
