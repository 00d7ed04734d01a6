import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { stringify } from "../../../../api/json";
import { useRegistrationCount } from "../../useRegistrationCount";

interface Props {
  path: { projectId: string; automationId: string };
  /** The triggers that are published before and after. */
  before: unknown;
  after: unknown;
}

/** What publishing does, and does not do, to those who are registered. */
export function Registrations({ path, before, after }: Props) {
  const { t } = useTranslation();
  const count = useRegistrationCount(path);
  const isSame = stringify(before) === stringify(after);
  return (
    <Text size="sm">
      {t("versions.neverSubscribes")}{" "}
      {count !== null &&
        (count.number === 0
          ? t("versions.nobodyRegistered")
          : t(isSame ? "versions.registrationsStay" : "versions.registrationsMove", {
              count: count.number,
              shown: count.shown,
            }))}
    </Text>
  );
}
