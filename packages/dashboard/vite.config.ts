import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { themeDeclarations } from "../charts/src/report/theme-colours.ts";

/** `import "virtual:theme.css"`: the colours of packages/charts as CSS variables, for both themes and the switch. */
function themeStyle(): Plugin {
  const name = "virtual:theme.css";
  const light = `color-scheme:light;${themeDeclarations("light")}`;
  const dark = `color-scheme:dark;${themeDeclarations("dark")}`;
  return {
    name: "atelier-theme",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) =>
      id === `\0${name}`
        ? `:root{${light}}:root[data-theme=dark]{${dark}}@media (prefers-color-scheme:dark){:root:not([data-theme]){${dark}}}`
        : undefined,
  };
}

export default defineConfig({
  plugins: [react(), themeStyle()],
  build: {
    target: "es2023",
    // Only scripts and styles of our own origin: nothing is put into the page as data: but small pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { "/api": "http://127.0.0.1:6006" } },
});
