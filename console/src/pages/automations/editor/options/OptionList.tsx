import { Combobox, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "../forms/forms.module.css";
import { type Option, keyOf } from "./options";

interface Props {
  label: string;
  options: Option[];
  query: { isPending: boolean; isFetching: boolean; hasNextPage: boolean; error: Error | null };
  /** What is typed was not sent yet. */
  isTyping: boolean;
  /** By their keys. */
  chosen: string[];
}

const MORE = "more";

/** The options that were found, and the way to more of them. */
export function OptionList({ label, options, query, isTyping, chosen }: Props) {
  const { t } = useTranslation();
  const isLoading = isTyping || query.isPending;
  return (
    // What went wrong stands below the field, and must not be covered.
    <Combobox.Dropdown hidden={query.error !== null}>
      <Combobox.Options aria-label={label} className={classes.options}>
        {isLoading ? (
          <Combobox.Empty>{t("editor.loading")}</Combobox.Empty>
        ) : (
          options.map((option) => {
            const key = keyOf(option.value);
            return (
              <Combobox.Option key={key} value={key} active={chosen.includes(key)}>
                <Text span size="sm" display="block" fw={chosen.includes(key) ? 600 : undefined}>
                  {option.label}
                </Text>
                {option.description && (
                  <Text span size="xs" c="dimmed">
                    {option.description}
                  </Text>
                )}
              </Combobox.Option>
            );
          })
        )}
        {!isLoading && options.length === 0 && (
          <Combobox.Empty>{t("editor.noOptions")}</Combobox.Empty>
        )}
        {!isLoading && query.hasNextPage && (
          <Combobox.Option value={MORE}>
            <Text span size="sm" fw={500} c="var(--mantine-color-anchor)">
              {query.isFetching ? t("editor.loading") : t("editor.moreOptions")}
            </Text>
          </Combobox.Option>
        )}
      </Combobox.Options>
    </Combobox.Dropdown>
  );
}
