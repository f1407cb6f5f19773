/**
 * Smooths a curve without shifting it: each value becomes the mean of itself and its neighbours up to `radius`
 * away, weights falling off linearly. A neighbour counts only together with its mirror image, so windows shrink
 * towards both ends and around gaps, and a straight line stays exactly where it is. Radius 0 changes nothing;
 * null stays null.
 */
export function smoothCurve(values: readonly (number | null)[], radius: number): (number | null)[] {
  return values.map((value, at) => {
    if (value === null) return null;
    let [sum, weights] = [value * (radius + 1), radius + 1];
    for (let distance = 1; distance <= radius; distance++) {
      const before = values[at - distance] ?? null;
      const after = values[at + distance] ?? null;
      if (before === null || after === null) continue;
      const weight = radius + 1 - distance;
      sum += weight * (before + after);
      weights += 2 * weight;
    }
    return sum / weights;
  });
}
