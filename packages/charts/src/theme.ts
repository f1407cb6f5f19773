/**
 * One palette and one type scale for every picture, in a light and a dark version.
 *
 * A role has the same place in both themes and no two roles of one theme share a colour. A finished light
 * picture can therefore be recoloured role by role, which is how the HTML report follows the reader's setting.
 * Series colours follow Okabe & Ito (2008), told apart by colour-blind readers; yellow is left out on white.
 */
export type ThemeName = "light" | "dark";

/** The colours of one theme by role, each "#rrggbb". */
export interface Theme {
  /** The page behind a picture. */
  readonly surface: string;
  /** Text, and its opposite for text on saturated colour. */
  readonly ink: string;
  readonly inverseInk: string;
  /** Secondary text. */
  readonly muted: string;
  /** Axis lines and rules; fainter still, grid lines. */
  readonly rule: string;
  readonly grid: string;
  /** Background of an emphasised table cell. */
  readonly highlight: string;
  /** Colours of runs, splits and scores, in the order to use them. */
  readonly series: readonly string[];
  /** Sequential scales from least to most: right answers, and mistakes. */
  readonly correct: readonly string[];
  readonly wrong: readonly string[];
}

/** Size of a picture in CSS pixels, and the theme it is drawn in. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly theme: ThemeName;
}

/** Steps of each sequential scale; text turns from `ink` to `inverseInk` at `inverseInkStep`. */
export const rampSteps = 16;
export const inverseInkStep = 10;

/** Unquoted on purpose: the list stands in attributes. */
export const fontFamily = "Helvetica Neue, Helvetica, Arial, sans-serif";

/** Font sizes in CSS pixels. */
export const fontSize = { title: 14, label: 12, tick: 11, small: 10 } as const;

export const themes: { readonly [K in ThemeName]: Theme } = {
  light: {
    surface: "#ffffff",
    ink: "#1b1f24",
    inverseInk: "#fefefe",
    muted: "#5b6570",
    rule: "#aeb6bf",
    grid: "#e6e9ed",
    highlight: "#e3f0f9",
    series: ["#0072b2", "#d55e00", "#009e73", "#b8548f", "#c98500", "#3a93cc", "#6a737d", "#7a4f9e"],
    correct: ramp("#eef5fa", "#5398c6", "#0b4a7d"),
    wrong: ramp("#fdf3ec", "#cf783a", "#933503"),
  },
  dark: {
    surface: "#14171a",
    ink: "#eceff2",
    inverseInk: "#0d0f11",
    muted: "#9da7b1",
    rule: "#56606a",
    grid: "#2a3036",
    highlight: "#17344a",
    series: ["#4ba6e3", "#f28a3c", "#2cc295", "#e08fc0", "#eab43a", "#9ad2f7", "#a9b2bc", "#b794dd"],
    correct: ramp("#1a242d", "#22567e", "#a5d6fb"),
    wrong: ramp("#2b211a", "#7d4115", "#ffcfa3"),
  },
};

/** The step of a sequential scale that stands for `share` in [0, 1]. */
export function rampStep(share: number): number {
  return Math.max(0, Math.min(rampSteps - 1, Math.round(share * (rampSteps - 1))));
}

/** The text colour that reads on a step of `correct` or `wrong`. */
export function inkOnRamp(theme: Theme, step: number): string {
  return step < inverseInkStep ? theme.ink : theme.inverseInk;
}

/** The colour of the series at `index`; starts over when the palette is used up. */
export function seriesColour(theme: Theme, index: number): string {
  return theme.series[index % theme.series.length]!;
}

function ramp(low: string, middle: string, high: string): readonly string[] {
  return Array.from({ length: rampSteps }, (_, step) => {
    const position = (2 * step) / (rampSteps - 1);
    return position <= 1 ? mix(low, middle, position) : mix(middle, high, position - 1);
  });
}

function mix(from: string, to: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a! + (b! - a!) * share)
      .toString(16)
      .padStart(2, "0");
  });
  return `#${channels.join("")}`;
}
