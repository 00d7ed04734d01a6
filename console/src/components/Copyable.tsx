import { ActionIcon, CopyButton, TextInput, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CheckIcon, CopyIcon } from "./icons";

interface Props {
  label: string;
  value: string;
  description?: string;
}

/** A text to take elsewhere: a URL, a secret. */
export function Copyable({ label, value, description }: Props) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={label}
      description={description}
      value={value}
      readOnly
      onFocus={(event) => event.currentTarget.select()}
      rightSection={
        <CopyButton value={value} timeout={2000}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t("common.copied") : t("common.copy")}>
              <ActionIcon
                variant="subtle"
                onClick={copy}
                aria-label={copied ? t("common.copied") : t("common.copyOf", { label })}
              >
                {copied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      }
    />
  );
}
