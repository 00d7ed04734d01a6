import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { Starting } from "../../app/Starting";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Entry } from "./Entry";
import { OpenId } from "./OpenId";
import { type Credentials, nextPath, otherEntry, signIn } from "./session";
import { focusFault, useTold } from "./told";
import { useProviderFailure, useProviderName } from "./ways";

/** Email and password of an account, or the operator's OpenID provider. */
export default function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const provider = useProviderName();
  const failure = useProviderFailure();
  const told = useTold();
  const form = useForm<Credentials>({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: {
      email: (text) => (text.trim() ? null : t("account.emailMissing")),
      password: (text) => (text ? null : t("account.passwordMissing")),
    },
  });
  const entering = useMutation({
    mutationFn: (credentials: Credentials) => signIn(credentials, queries),
    onSuccess: () => navigate(nextPath(search), { replace: true }),
  });
  // The card stands still from the moment it is seen.
  if (provider.isPending) return <Starting />;
  return (
    <Entry
      title={t("account.signIn")}
      text={t("account.signInText")}
      otherwise={
        <Text size="sm">
          {t("account.noAccount")}{" "}
          <Anchor component={Link} underline="always" to={otherEntry("/sign-up", search)}>
            {t("account.signUp")}
          </Anchor>
        </Text>
      }
    >
      <ErrorAlert error={entering.isIdle ? failure : told.refusal(entering.error)} />
      <OpenId />
      <form
        noValidate
        onSubmit={form.onSubmit((values) => entering.mutate(values), focusFault(form))}
      >
        <Stack>
          <TextInput
            type="email"
            label={t("account.email")}
            autoComplete="username"
            required
            data-autofocus
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label={t("account.password")}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ "aria-label": t("account.showPassword"), tabIndex: 0 }}
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={entering.isPending} fullWidth>
            {t("account.signIn")}
          </Button>
        </Stack>
      </form>
    </Entry>
  );
}
