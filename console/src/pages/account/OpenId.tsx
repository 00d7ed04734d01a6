import { Button, Divider } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { nextPath } from "./session";
import { useProviderName } from "./ways";

/** The way by the operator's OpenID provider, above the form; nothing where there is none. */
export function OpenId() {
  const { t } = useTranslation();
  const [search] = useSearchParams();
  const name = useProviderName().data;
  if (!name) return null;
  return (
    <>
      <Button
        component="a"
        href={`/api/v1/sign-in/openid?next=${encodeURIComponent(nextPath(search))}`}
        variant="default"
        fullWidth
        leftSection={<IconKey size={18} aria-hidden />}
      >
        {t("account.continueWith", { name })}
      </Button>
      <Divider my="md" label={t("account.or")} />
    </>
  );
}
