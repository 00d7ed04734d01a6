import { Logo } from "./Logo";

/** An app's logo; its SVG source is shown as an image, in which no script runs. */
export function AppLogo({ logo, name }: { logo: string | null | undefined; name: string }) {
  const url = logo ? `data:image/svg+xml,${encodeURIComponent(logo)}` : null;
  return <Logo name={name} url={url} size={38} />;
}
