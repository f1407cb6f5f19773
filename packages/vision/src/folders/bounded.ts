/** Many asynchronous pieces of work, a few at a time. */

/** Calls `work` for 0 … count-1, at most `limit` unfinished at once; rejects with the first failure. */
export async function forEachBounded(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
}
