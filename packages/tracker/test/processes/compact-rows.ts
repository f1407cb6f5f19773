/** Appends and compacts for as long as it lives; says how many rows are acknowledged. Arguments: folder, run id. */
import { openSqliteStore } from "../../src/index.ts";

const [folder, id] = process.argv.slice(2) as [string, string];
const store = openSqliteStore({ folder });
await store.createRun({ id, entity: "local", project: "crash", createdAt: Date.now() });
console.log(0);
for (let start = 0; ; start += 700) {
  const rows = Array.from({ length: 700 }, (_, i) => {
    const row = start + i;
    return {
      row,
      step: row,
      time: row,
      values: { loss: row / 3, row, ...(row % 7 === 0 && { text: `row ${row}` }) },
    };
  });
  await store.append(id, { rows });
  console.log(start + 700);
  await store.compact(id);
}
