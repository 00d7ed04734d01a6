import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { unplaced } from "../../components/unplaced";
import { MIN_PASSWORD } from "../account/password";

type Passwords = components["schemas"]["PasswordBody"];

/** Another password; all other sessions end with the change. */
export function Password({ email }: { email: string }) {
  const { t } = useTranslation();
  const form = useForm<Passwords>({
    mode: "uncontrolled",
    initialValues: { currentPassword: "", newPassword: "" },
    validate: {
      currentPassword: (text) => (text ? null : t("account.passwordMissing")),
      newPassword: (text) => (text.length < MIN_PASSWORD ? t("account.passwordShort") : null),
    },
  });
  const change = useMutation({
    mutationFn: (body: Passwords) => unwrap(api.PUT("/api/v1/account/password", { body })),
    onSuccess: () => {
      form.reset();
      notifications.show({ message: t("account.passwordChanged") });
    },
    onError: (error) => form.setErrors(faultsOf(error)),
  });
  const toggle = { "aria-label": t("account.showPassword") };
  return (
    <form noValidate onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <Stack>
        <ErrorAlert error={unplaced(change.error, form.getValues())} />
        {/* For password managers: whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={email} />
        <PasswordInput
          label={t("account.currentPassword")}
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={toggle}
          key={form.key("currentPassword")}
          {...form.getInputProps("currentPassword")}
        />
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
            {t("account.changePassword")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
