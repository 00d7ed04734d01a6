import { Paper, Table } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  /** The heads of the columns. */
  head: ReactNode;
  /** The rows. */
  children: ReactNode;
}

/** The table of a list. */
export function ListTable({ head, children }: Props) {
  return (
    <Paper withBorder>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        <Table.Thead>
          <Table.Tr>{head}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Paper>
  );
}
