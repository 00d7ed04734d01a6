import { Box, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { EmptyState } from "./EmptyState";
import { ErrorAlert } from "./ErrorAlert";
import { More } from "./More";

interface Props {
  query: {
    error: Error | null;
    isPending: boolean;
    isPlaceholderData: boolean;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
  /** How many are shown; undefined: not known yet. */
  count: number | undefined;
  /** Pixels that are kept free while the first page loads. */
  height: number;
  /** What is said when there are none. */
  empty: { title: string; text: string };
  children: ReactNode;
}

/** A list as its query stands: loading, empty, pale while other filters are asked, and more of it. */
export function Listing({ query, count, height, empty, children }: Props) {
  return (
    <>
      <ErrorAlert error={query.error} />
      {query.isPending && <Skeleton height={height} />}
      {count === 0 && <EmptyState {...empty} />}
      {Boolean(count) && <Box opacity={query.isPlaceholderData ? 0.6 : 1}>{children}</Box>}
      <More query={query} />
    </>
  );
}
