/** Light or dark: as the system says, until the reader chooses. */
import type { ThemeName } from "@atelier/charts/theme";
import { useSyncExternalStore } from "react";

const storageKey = "atelier-theme";
const systemDark = () => matchMedia("(prefers-color-scheme: dark)");

/** Puts the reader's earlier choice on the page; call before the first paint. */
export function applyChosenTheme(): void {
  const chosen = localStorage.getItem(storageKey);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

/** Chooses a theme, or with undefined what the system says. */
export function chooseTheme(theme: ThemeName | undefined): void {
  if (theme === undefined) {
    localStorage.removeItem(storageKey);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(storageKey, theme);
    document.documentElement.dataset.theme = theme;
  }
  dispatchEvent(new Event("themechange"));
}

/** The theme that the page wears now. */
export function useTheme(): ThemeName {
  return useSyncExternalStore(subscribe, currentTheme);
}

function currentTheme(): ThemeName {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return systemDark().matches ? "dark" : "light";
}

function subscribe(onChange: () => void): () => void {
  const system = systemDark();
  system.addEventListener("change", onChange);
  addEventListener("themechange", onChange);
  return () => {
    system.removeEventListener("change", onChange);
    removeEventListener("themechange", onChange);
  };
}
