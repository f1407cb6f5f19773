import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workshop } from "../../test/workshop.ts";

test("quickstart trains three models, compares them and gathers all pictures in one page", async () => {
  const { folder, run } = await workshop();
  const { code, stdout, stderr } = await run(["quickstart", "--data", "data", "--threads", "1", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("cnn-3: ") });
  const { results, report } = JSON.parse(stdout);
  const names = ["logistic", "mlp-1024", "cnn-3"];
  expect(results.map(({ recipe }: { recipe: string }) => recipe)).toEqual(names);
  expect(report).toBe(join(folder, "out", "quickstart-1", "report", "report.html"));
  for (const { model, test: scores } of results) {
    expect((await readFile(model)).length).toBeGreaterThan(1000);
    expect(scores.accuracy).toBeGreaterThan(0.3);
  }
  const { runs } = JSON.parse((await run(["runs", "--json"])).stdout);
  expect(
    runs.map(({ config, group }: { config: { name: string }; group: string }) => [config.name, group]),
  ).toEqual(names.toReversed().map((name) => [name, "quickstart-1"]));
  const { files } = JSON.parse((await run(["runs", "show", runs[0].id, "--json"])).stdout);
  expect(files.map(({ path }: { path: string }) => path)).toContain("report.html");
  const page = await readFile(report, "utf8");
  expect(page).not.toMatch(/(?:src|href)="(?!#|data:)/); // nothing outside the file
  const ofModel = [
    "model",
    "curves",
    "confusion",
    "classification-report",
    "per-class",
    "mistakes",
    "calibration",
  ];
  const figures = [
    ...["samples", "overview", "label-frequencies", "comparison", "training-curves"],
    ...names.flatMap((name) => ofModel.map((figure) => `${name}-${figure}`)),
  ];
  expect((await readdir(join(folder, "out/quickstart-1/report/figures"))).sort()).toEqual(
    figures.flatMap((figure) => [`${figure}.png`, `${figure}.svg`]).sort(),
  );
});

test("quickstart wants images to test the models on", async () => {
  const { folder, run } = await workshop();
  for (const file of await readdir(join(folder, "data")))
    if (file.startsWith("test")) await rm(join(folder, "data", file));
  const { code, stderr } = await run(["quickstart", "--data", "data"]);
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: "atelier: data has no test part to compare the models on.\n",
  });
  expect(await readdir(folder)).not.toContain("out");
});
