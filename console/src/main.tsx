import "./app/mantine.css";
import "@mantine/notifications/styles.css";
import "./app/app.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startLanguage } from "./app/i18n";
import { styleNonce } from "./app/nonce";
import { Providers } from "./app/Providers";

// For the style element that keeps the page behind a dialog from scrolling.
setNonce(styleNonce());
await startLanguage();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Providers />
    </StrictMode>,
  );
}
