import { Group, TextInput, type TextInputProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Logo, mayLoad } from "../../components/Logo";
import { httpUrl } from "./fields";

interface Props extends TextInputProps {
  /** The project's name, of which the letters are. */
  name: string;
  value: string;
}

/** The address of a logo, with the logo as others will see it. */
export function LogoInput({ name, value, description, ...input }: Props) {
  const { t } = useTranslation();
  const [url] = useDebouncedValue(value.trim(), 300);
  const [broken, setBroken] = useState<string | null>(null);
  const hint = !httpUrl(url)
    ? null
    : !mayLoad(url)
      ? t("projects.logoNotHttps")
      : url === broken
        ? t("projects.logoBroken")
        : null;
  return (
    <Group wrap="nowrap" align="flex-end" gap="sm">
      <TextInput
        type="url"
        flex={1}
        miw={0}
        value={value}
        description={hint ?? description}
        {...input}
      />
      <Logo
        key={url}
        name={name || "?"}
        url={httpUrl(url) ? url : null}
        size={36}
        onError={() => setBroken(url)}
      />
    </Group>
  );
}
