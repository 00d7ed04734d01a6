import { Avatar } from "@mantine/core";

/** Whether the page's policy lets an image in from there. */
export function mayLoad(url: string): boolean {
  return url.startsWith("https://") || url.startsWith("data:image/");
}

interface Props {
  name: string;
  url?: string | null;
  size: number;
  /** There is no image at the address. */
  onError?: () => void;
}

/**
 * A project's or an app's logo; its letters where there is none that the page may load. The name
 * stands beside it, so that nobody needs to hear either.
 */
export function Logo({ name, url, size, onError }: Props) {
  const src = url && mayLoad(url) ? url : null;
  return (
    <Avatar
      src={src}
      name={name}
      alt=""
      aria-hidden
      size={size}
      radius="md"
      color="inlay"
      flex="none"
      imageProps={{ onError }}
    />
  );
}
