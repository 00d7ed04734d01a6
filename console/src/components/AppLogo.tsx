import { Logo } from "./Logo";

interface Props {
  name: string;
  logo: string | null | undefined;
  size?: number;
}

/** An app's logo; its SVG source is shown as an image, in which no script runs. */
export function AppLogo({ logo, name, size = 38 }: Props) {
  const url = logo ? `data:image/svg+xml,${encodeURIComponent(logo)}` : null;
  return <Logo name={name} url={url} size={size} />;
}
