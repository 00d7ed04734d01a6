import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import type { Account } from "../../app/account";
import { ErrorAlert } from "../../components/ErrorAlert";
import { faultsOf } from "../../components/faults";
import { unplaced } from "../../components/unplaced";
import { useChange } from "./useChange";

/** Who one is. */
export function Name({ account }: { account: Account }) {
  const { t } = useTranslation();
  const change = useChange();
  const form = useForm({ mode: "uncontrolled", initialValues: { name: account.name } });
  const save = (values: { name: string }) =>
    change.mutate(values, {
      onSuccess: () => notifications.show({ message: t("common.saved") }),
      onError: (error) => form.setErrors(faultsOf(error)),
    });
  return (
    <form noValidate onSubmit={form.onSubmit(save)}>
      <Stack>
        <ErrorAlert error={unplaced(change.error, form.getValues())} />
        <TextInput
          label={t("account.email")}
          value={account.email}
          readOnly
          variant="filled"
          autoComplete="username"
        />
        <TextInput
          label={t("account.name")}
          autoComplete="name"
          key={form.key("name")}
          {...form.getInputProps("name")}
        />
        <Group>
          <Button type="submit" loading={change.isPending}>
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
