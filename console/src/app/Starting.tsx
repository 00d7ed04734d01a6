import { Center, Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** What is there while the first page loads. */
export function Starting() {
  const { t } = useTranslation();
  return (
    <Center mih="60vh">
      <Loader aria-label={t("common.loading")} role="status" />
    </Center>
  );
}
