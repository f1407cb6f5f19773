/**
 * Places in the palette for the runs that are drawn: one that was drawn before keeps its colour, however the table is sorted
 * and whatever run begins meanwhile; the others take the first colours that are free.
 */
export function keepPlaces(
  before: ReadonlyMap<string, number>,
  ids: readonly string[],
): ReadonlyMap<string, number> {
  const taken = new Set(ids.map((id) => before.get(id)));
  let next = 0;
  return new Map(
    ids.map((id) => {
      const kept = before.get(id);
      if (kept !== undefined) return [id, kept];
      while (taken.has(next)) next++;
      return [id, next++];
    }),
  );
}
