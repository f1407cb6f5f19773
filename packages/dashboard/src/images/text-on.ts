/** Black or white, whichever is read better on a background "#rrggbb": at least 4.5 : 1 on any (WCAG 2.2, 1.4.3). */
export function textOn(background: string): "#000000" | "#ffffff" {
  const [r, g, b] = [1, 3, 5].map((at) =>
    linear(Number.parseInt(background.slice(at, at + 2), 16) / 255),
  ) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return luminance > Math.sqrt(1.05 * 0.05) - 0.05 ? "#000000" : "#ffffff";
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
