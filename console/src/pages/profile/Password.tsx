import { Button, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ACCOUNT, type Account } from "../../app/account";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { unplaced } from "../../components/unplaced";
import { MIN_PASSWORD } from "../account/password";
import { focusFault, useTold } from "../account/told";
import { useProviderName } from "../account/ways";

type Passwords = components["schemas"]["PasswordBody"];

/** Another password, or the first one; all other sessions end with it. */
export function Password({ account }: { account: Account }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const name = useProviderName().data ?? "OpenID Connect";
  const told = useTold();
  const { hasPassword } = account;
  const label = t(hasPassword ? "account.changePassword" : "account.setPassword");
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { currentPassword: "", newPassword: "" },
    validate: {
      currentPassword: (text) => (text || !hasPassword ? null : t("account.passwordMissing")),
      newPassword: (text) => (text.length < MIN_PASSWORD ? t("account.passwordShort") : null),
    },
  });
  const change = useMutation({
    mutationFn: (body: Passwords) => unwrap(api.PUT("/api/v1/account/password", { body })),
    onSuccess: () => {
      form.reset();
      queries.setQueryData<Account>(ACCOUNT, { ...account, hasPassword: true });
      notifications.show({
        message: t(hasPassword ? "account.passwordChanged" : "account.passwordSet"),
      });
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  const toggle = { "aria-label": t("account.showPassword"), tabIndex: 0 };
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        ({ currentPassword, newPassword }) =>
          change.mutate(hasPassword ? { currentPassword, newPassword } : { newPassword }),
        focusFault(form),
      )}
    >
      <Stack>
        <Title order={2}>{label}</Title>
        {!hasPassword && <Text size="sm">{t("account.noPassword", { name })}</Text>}
        <ErrorAlert error={told.refusal(unplaced(change.error, form.getValues()))} />
        {/* For password managers: whose password it is. */}
        <input hidden readOnly name="username" autoComplete="username" value={account.email} />
        {hasPassword && (
          <PasswordInput
            label={t("account.currentPassword")}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={toggle}
            key={form.key("currentPassword")}
            {...form.getInputProps("currentPassword")}
          />
        )}
        <PasswordInput
          label={t("account.newPassword")}
          description={t("account.passwordHint")}
          autoComplete="new-password"
          required
          visibilityToggleButtonProps={toggle}
          key={form.key("newPassword")}
          {...form.getInputProps("newPassword")}
        />
        <Group>
          <Button type="submit" loading={change.isPending}>
            {label}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
