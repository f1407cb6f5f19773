import { chooseTheme, useTheme } from "./theme.ts";

/** Turns light into dark and back; what the system wants is chosen by turning back to it. */
export function ThemeSwitch() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  const choose = () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    chooseTheme(other === system ? undefined : other);
  };
  return (
    <button type="button" className="plain" onClick={choose} title={`Change to ${other}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" aria-hidden="true">
        <circle cx="8" cy="8" r="5.5" strokeWidth="1.4" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" stroke="none" />
      </svg>
      <span className="visually-hidden">Change to {other}</span>
    </button>
  );
}
