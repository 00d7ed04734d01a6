import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Filters } from "./useFilters";

interface Props {
  filters: Filters;
  name: string;
  label: string;
  data: { value: string; label: string }[];
  searchable?: boolean;
}

/** A filter that is chosen from a list; nothing chosen: all. */
export function FilterSelect({ filters, name, label, data, searchable }: Props) {
  const { t } = useTranslation();
  return (
    <Select
      label={label}
      placeholder={t("common.all")}
      clearable
      searchable={searchable}
      clearButtonProps={{ "aria-label": t("common.filterClear") }}
      value={filters.get(name)}
      onChange={(value) => filters.choose({ [name]: value })}
      data={data}
      w={{ base: "calc(50% - 8px)", xs: 170 }}
    />
  );
}
