import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(globalIgnores(["dist", "src/api/schema.d.ts"]), {
  files: ["src/**/*.{ts,tsx}", "vite.config.ts"],
  extends: [js.configs.recommended, ts.configs.recommended, hooks.configs.flat.recommended],
});
