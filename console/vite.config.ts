import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Each script and style also as .br and .gz, which the API serves as they lie there. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      const folder = join(dir, "assets");
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const file = join(folder, name);
        writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}

/** A classic script of its own, because a module runs only after the first paint. */
function firstPaint(): Plugin {
  const path = "src/app/first-paint.js";
  const source = readFileSync(path);
  const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
  const fileName = `assets/first-paint-${hash}.js`;
  let src = `/${fileName}`;
  return {
    name: "first-paint",
    configResolved({ command }) {
      if (command === "serve") src = `/${path}`;
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml: () => [{ tag: "script", attrs: { src }, injectTo: "head" }],
  };
}

/** No component of Mantine is shown without its styles, which app/mantine.css names one by one. */
function styled(): Plugin {
  return {
    name: "styled",
    apply: "build",
    generateBundle() {
      const listed = readFileSync("src/app/mantine.css", "utf8");
      for (const module of this.getModuleIds()) {
        const name = /@mantine\/core\/.*\/(\w+)\.module\.css\.mjs$/.exec(module)?.[1];
        if (!name || this.getModuleInfo(module)?.isIncluded === false) continue;
        const style = `@mantine/core/styles/${name}.css`;
        if (!listed.includes(`"${style}"`)) this.error(`Add ${style} to src/app/mantine.css.`);
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), firstPaint(), styled(), compressed()],
  // The API replaces the word by a fresh nonce in each answer (api/console.py).
  html: { cspNonce: "INLAY_NONCE" },
  build: {
    chunkSizeWarningLimit: 700,
    target: "es2022",
    // A data: URL in a style sheet or script would need a wider policy.
    assetsInlineLimit: 0,
    // Small ones are put together: each request costs some 300 bytes of headers.
    rollupOptions: { output: { experimentalMinChunkSize: 30_000 } },
  },
  // A busy machine takes its time.
  test: { testTimeout: 60_000 },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
