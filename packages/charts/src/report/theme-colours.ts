/**
 * Lets light pictures follow the page: every colour of the light theme becomes a CSS variable named after its role,
 * and the page sets the variables for light, dark and print.
 */
import { type Theme, type ThemeName, themes } from "../theme.ts";

/** Colours by variable name, such as `--ink` and `--series-0`. */
export function themeVariables(name: ThemeName): ReadonlyMap<string, string> {
  const entries = Object.entries(themes[name] satisfies Theme).flatMap(
    ([role, colour]: [string, string | readonly string[]]) =>
      typeof colour === "string"
        ? [[`--${role}`, colour] as const]
        : colour.map((step, index) => [`--${role}-${index}`, step] as const),
  );
  return new Map(entries);
}

/** The variables as declarations of a CSS rule. */
export function themeDeclarations(name: ThemeName): string {
  return [...themeVariables(name)].map(([variable, colour]) => `${variable}:${colour}`).join(";");
}

/** A light picture whose colours are the page's variables. Names in it are escaped and cannot look like attributes. */
export function followPageTheme(svg: string): string {
  const variables = new Map([...themeVariables("light")].map(([variable, colour]) => [colour, variable]));
  return svg.replace(/ (fill|stroke)="(#[0-9a-f]{6})"/g, (attribute, property: string, colour: string) => {
    const variable = variables.get(colour);
    return variable === undefined ? attribute : ` ${property}="var(${variable})"`;
  });
}
