import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";
import { Starting } from "../../app/Starting";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { unplaced } from "../../components/unplaced";
import { Entry } from "./Entry";
import { OpenId } from "./OpenId";
import { MIN_PASSWORD } from "./password";
import { nextPath, otherEntry, signIn } from "./session";
import { focusFault, useTold } from "./told";
import { useProviderName } from "./ways";

/** Makes an account and signs in with it. */
export default function SignUp() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const provider = useProviderName();
  const told = useTold();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: "", email: "", password: "" },
    validate: {
      email: (text) => (/\S+@\S+/.test(text) ? null : t("account.emailMissing")),
      password: (text) => (text.length < MIN_PASSWORD ? t("account.passwordShort") : null),
    },
  });
  const making = useMutation({
    mutationFn: async (body: typeof form.values) => {
      await unwrap(api.POST("/api/v1/accounts", { body }));
      return signIn({ email: body.email, password: body.password }, queries);
    },
    onSuccess: () => navigate(nextPath(search), { replace: true }),
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  if (provider.isPending) return <Starting />;
  return (
    <Entry
      title={t("account.signUp")}
      text={t("account.signUpText")}
      otherwise={
        <Text size="sm">
          {t("account.hasAccount")}{" "}
          <Anchor component={Link} underline="always" to={otherEntry("/sign-in", search)}>
            {t("account.signIn")}
          </Anchor>
        </Text>
      }
    >
      <OpenId />
      <form
        noValidate
        onSubmit={form.onSubmit((values) => making.mutate(values), focusFault(form))}
      >
        <Stack>
          <ErrorAlert error={told.refusal(unplaced(making.error, form.getValues()))} />
          <TextInput
            label={t("account.name")}
            autoComplete="name"
            key={form.key("name")}
            {...form.getInputProps("name")}
          />
          <TextInput
            type="email"
            label={t("account.email")}
            autoComplete="username"
            required
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label={t("account.password")}
            description={t("account.passwordHint")}
            autoComplete="new-password"
            required
            visibilityToggleButtonProps={{ "aria-label": t("account.showPassword"), tabIndex: 0 }}
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={making.isPending} fullWidth>
            {t("account.signUp")}
          </Button>
        </Stack>
      </form>
    </Entry>
  );
}
