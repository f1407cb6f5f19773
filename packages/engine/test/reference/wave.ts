/** The input values that generate_nn.py uses: sin(1.7·i + seed) rounded to 1/1024. */
export function wave(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.round(Math.sin(1.7 * i + seed) * 1024) / 1024);
}
