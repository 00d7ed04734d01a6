import { Avatar } from "@mantine/core";

/** A project's or an app's logo; its letters where there is none that the page may load. */
export function Logo({ name, url, size }: { name: string; url?: string | null; size: number }) {
  // The page's policy lets images in from https only.
  const src = url?.startsWith("https://") || url?.startsWith("data:image/") ? url : null;
  return <Avatar src={src} name={name} alt="" size={size} radius="md" color="inlay" />;
}
