import { Anchor, Button, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { api, unwrap } from "../api/client";
import { ErrorAlert } from "../components/ErrorAlert";
import { useProviderName } from "../pages/account/ways";
import { ACCOUNT, type Account } from "./account";

interface Props {
  /** Who was signed in until now. */
  account: Account;
  /** The page for other ways to sign in, which leads back here. */
  signInPath: string;
}

/** The session ended while a page is open: sign in over it, so that nothing unsaved is lost. */
export default function SignInAgain(props: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      overlayProps={{ blur: 6 }}
      title={t("shell.sessionEnded")}
    >
      {props.account.hasPassword ? <ByPassword {...props} /> : <ByOpenId />}
    </Modal>
  );
}

/** The only way of an account without a password; its provider's pages leave this one. */
function ByOpenId() {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  const name = useProviderName().data ?? "OpenID Connect";
  return (
    <Stack>
      <Text size="sm">{t("shell.sessionEndedOpenId", { name })}</Text>
      <Button
        component="a"
        href={`/api/v1/sign-in/openid?next=${encodeURIComponent(pathname + search)}`}
        fullWidth
        data-autofocus
      >
        {t("account.continueWith", { name })}
      </Button>
    </Stack>
  );
}

function ByPassword({ account, signInPath }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const entering = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/sessions", { body: { email: account.email, password } })),
    onSuccess: (session) => {
      queries.setQueryData(ACCOUNT, session.account);
      void queries.invalidateQueries();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        entering.mutate();
      }}
    >
      <Stack>
        <Text size="sm">{t("shell.sessionEndedText")}</Text>
        <ErrorAlert error={entering.error} />
        <TextInput
          type="email"
          label={t("account.email")}
          autoComplete="username"
          value={account.email}
          readOnly
          variant="filled"
        />
        <PasswordInput
          label={t("account.password")}
          autoComplete="current-password"
          required
          data-autofocus
          visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={entering.isPending} fullWidth>
          {t("account.signIn")}
        </Button>
        <Anchor component={Link} to={signInPath} size="sm" underline="always" reloadDocument>
          {t("shell.signInOtherwise")}
        </Anchor>
      </Stack>
    </form>
  );
}
