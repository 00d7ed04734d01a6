import { Anchor, Button, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, unwrap } from "../api/client";
import { ErrorAlert } from "../components/ErrorAlert";
import { ACCOUNT, type Account } from "./account";

interface Props {
  /** Who was signed in until now. */
  account: Account;
  /** The page for other ways to sign in, which leads back here. */
  signInPath: string;
}

/** The session ended while a page is open: sign in over it, so that nothing unsaved is lost. */
export default function SignInAgain({ account, signInPath }: Props) {
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
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      overlayProps={{ blur: 6 }}
      title={t("shell.sessionEnded")}
    >
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
    </Modal>
  );
}
