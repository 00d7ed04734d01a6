import {
  createTheme,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from "@mantine/core";

const inlay: MantineColorsTuple = [
  "#eef1fd",
  "#dbe1fa",
  "#b6c3f5",
  "#8fa8ff",
  "#7590f4",
  "#5674ea",
  "#4161e2",
  "#3555dc",
  "#2b4fd8",
  "#2241b8",
];

export const theme: MantineThemeOverride = createTheme({
  colors: { inlay },
  primaryColor: "inlay",
  primaryShade: 8,
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Open Sans", sans-serif',
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.6rem" }, h2: { fontSize: "1.2rem" }, h3: { fontSize: "1.05rem" } },
  },
  components: {
    Paper: { defaultProps: { bg: "var(--inlay-surface)" } },
    Card: { defaultProps: { bg: "var(--inlay-surface)" } },
    Modal: { defaultProps: { centered: true } },
    // Rounder ones look like radio buttons.
    Checkbox: { defaultProps: { radius: 4 } },
  },
});

/** Text on its own tint and on white, 4.5:1 and more (WCAG 2.2, 1.4.3). */
const READABLE = {
  gray: "#495057",
  red: "#b42318",
  orange: "#9a3a0a",
  yellow: "#7a4b00",
  green: "#1c6b33",
  teal: "#07694c",
  cyan: "#0b6173",
  blue: "#155a99",
  indigo: "#2f4ac0",
  violet: "#5a34c8",
  grape: "#822c95",
  pink: "#a01a58",
  inlay: "#2241b8",
};

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#565c69",
    "--mantine-color-placeholder": "#646b78",
    "--mantine-color-error": "#b42318",
    // Of an entry of a menu that removes something.
    "--mantine-color-red-6": READABLE.red,
    ...Object.fromEntries(
      Object.entries(READABLE).flatMap(([name, colour]) => [
        [`--mantine-color-${name}-light-color`, colour],
        [`--mantine-color-${name}-text`, colour],
        [`--mantine-color-${name}-outline`, colour],
      ]),
    ),
  },
  dark: {
    "--mantine-color-dimmed": "#a5acba",
    "--mantine-color-placeholder": "#9aa1b0",
    "--mantine-color-error": "#ff9a92",
  },
});
