import type { UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";

/** The refusals that these pages meet, in the console's language; others in the API's words. */
export function useTold() {
  const { t, i18n } = useTranslation();
  const known = (key: string) => (i18n.exists(key) ? t(key) : null);
  return {
    refusal(error: Error | null): Error | null {
      const text = error instanceof ApiError ? known(`account.refusal_${error.code}`) : null;
      return text ? new Error(text) : error;
    },
  };
}

/** Puts the focus on the first field with a fault. */
export function focusFault<T extends object>(form: UseFormReturnType<T>) {
  return (faults: object) => {
    const first = Object.keys(form.getValues()).find((field) => field in faults);
    if (first) form.getInputNode(first)?.focus();
  };
}
