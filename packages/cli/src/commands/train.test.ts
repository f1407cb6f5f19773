import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { workshop } from "../../test/workshop.ts";

const reference = ["--executor", "reference"];
const tiny = ["train", "tiny.yaml", ...reference];

describe("train", () => {
  test("learns, tests, and keeps the model, its history and the recipe as it was used", async () => {
    const { folder, run } = await workshop();
    const { code, stdout, stderr } = await run([
      ...tiny,
      "--set",
      "layers.1.rate=0",
      "--seed",
      "3",
      "--json",
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toEqual({
      recipe: "tiny",
      parameters: 8 * 8 * 8 + 8 + 8 * 3 + 3,
      epochs: 4,
      seconds: expect.any(Number),
      imagesPerSecond: expect.any(Number),
      validation: { loss: expect.any(Number), accuracy: expect.any(Number) },
      test: { loss: expect.any(Number), accuracy: 1 },
      model: join(folder, "out", "tiny-1", "model.safetensors"),
      run: expect.stringMatching(/^[a-z0-9]{8}$/),
    });
    expect(stderr).toMatch(/72 training images, 18 for validation, 9 steps an epoch/);
    expect(stderr.match(/^ +[1-4]\/4 .*\*?$/gm)).toHaveLength(4);
    const written = join(folder, "out", "tiny-1");
    expect((await readdir(written)).sort()).toEqual(["history.json", "model.safetensors", "recipe.yaml"]);
    expect(JSON.parse(await readFile(join(written, "history.json"), "utf8")).history).toHaveLength(4);

    const again = JSON.parse((await run(["train", "out/tiny-1/recipe.yaml", ...reference, "--json"])).stdout);
    expect(again.model).toBe(join(folder, "out", "tiny-2", "model.safetensors"));
    expect(again.test).toEqual(result.test);
    expect(await readFile(again.model)).toEqual(await readFile(result.model));
  });

  test("takes a folder of photos, resized to the recipe's input, and only as many as asked for", async () => {
    const { run } = await workshop();
    const { code, stdout, stderr } = await run([
      ...tiny,
      "--data",
      "photos",
      "--set",
      "input=[6, 5, 3]",
      "--limit",
      "12",
      "--epochs",
      "1",
      "--json",
    ]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("12 training images, 3 for validation"),
    });
    expect(JSON.parse(stdout).epochs).toBe(1);
  });

  test("leaves an earlier result alone", async () => {
    const { folder, run } = await workshop();
    await run([...tiny, "--epochs", "1", "--out", "kept"]);
    const before = await readFile(join(folder, "kept", "model.safetensors"));
    const { code, stderr } = await run([...tiny, "--epochs", "1", "--seed", "2", "--out", "kept"]);
    expect(code).toBe(8);
    expect(stderr).toMatch(/kept holds an earlier result \(model\.safetensors\)/);
    expect(await readFile(join(folder, "kept", "model.safetensors"))).toEqual(before);
  });

  test("says why where nothing can be written, before it trains", async () => {
    const { folder, run } = await workshop();
    await writeFile(join(folder, "file"), "");
    const { code, stderr } = await run([...tiny, "--out", "file/below"]);
    expect({ code, stderr }).toEqual({
      code: 8,
      stderr: expect.stringMatching(/cannot make the folder .*: part of its path is a file; choose another/),
    });
    expect(stderr).not.toContain("epoch  ");
  });

  test("reports a training that diverges", async () => {
    const { run } = await workshop();
    const { code, stdout, stderr } = await run([
      ...tiny,
      "--set",
      "optimizer={type: sgd, learningRate: 1e30}",
      "--json",
    ]);
    expect(code).toBe(5);
    expect(stderr).toMatch(/training diverged: the loss was no longer finite at step/);
    expect(JSON.parse(stdout).error.code).toBe("diverged");
  });

  test("says what is wrong with the data or the fit of model and data", async () => {
    const { folder, run } = await workshop();
    await mkdir(join(folder, "empty"));
    expect(await run([...tiny, "--data", "empty"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("empty"),
    });
    expect(await run([...tiny, "--set", "layers.2.units=4"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected 4 classes as the model's last layer has, got 3"),
    });
    expect((await readdir(folder)).includes("out")).toBe(false);
  });

  test("wants a recipe", async () => {
    const { run } = await workshop();
    expect(await run(["train"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected a recipe to train"),
    });
  });

  test("rewrites one line on a terminal", async () => {
    const { run } = await workshop();
    const { stderr } = await run([...tiny, "--epochs", "2"], { terminal: { columns: 80 } });
    const lines = stderr.split(/[\r\n]/).map((line) => line.replace("\u001b[2K", ""));
    const rewritten = lines.filter((line) => /^[12]\/2 .*█/.test(line));
    expect(rewritten.some((line) => line.includes("ETA"))).toBe(true);
    expect(rewritten.every((line) => [...line].length < 80)).toBe(true);
  });
});

describe("stopping and going on", () => {
  /** Stops after the second epoch; returns the command it was told to go on with. */
  async function stopInMidst(run: Awaited<ReturnType<typeof workshop>>["run"]): Promise<string[]> {
    const stop = new AbortController();
    const { code, stderr } = await run([...tiny, "--out", "stopped"], {
      signal: stop.signal,
      onMessage: (text) => text.includes("2/4") && stop.abort(),
    });
    expect(code).toBe(130);
    const command = /to go on: npx atelier (.*)\n/.exec(stderr);
    return command![1]!.split(" ");
  }

  test("Ctrl-C keeps a checkpoint from which the same model comes out, bit for bit", async () => {
    const { folder, run } = await workshop();
    const goOn = await stopInMidst(run);
    expect(goOn).toEqual(["train", "--resume", "stopped/checkpoint.safetensors"]);
    expect((await readdir(join(folder, "stopped"))).sort()).toEqual([
      "checkpoint.safetensors",
      "recipe.yaml",
    ]);
    const resumed = await run([...goOn, ...reference]);
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining("going on after 2 epochs") });
    await run([...tiny, "--out", "whole"]);
    const model = (name: string) => readFile(join(folder, name, "model.safetensors"));
    expect(await model("stopped")).toEqual(await model("whole"));
    expect((await readdir(join(folder, "stopped"))).includes("checkpoint.safetensors")).toBe(false);
  });

  test("other settings than the checkpoint's are refused", async () => {
    const { run } = await workshop();
    const goOn = [...(await stopInMidst(run)), ...reference];
    const refused = async (...more: string[]) => {
      const { code, stderr } = await run([...goOn, ...more]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused("--epochs", "9")).toMatch(/made with other settings: epochs was 4, now 9\./);
    expect(await refused("--limit", "30")).toMatch(/limit was null, now 30/);
    expect(await refused("mlp-256")).toMatch(/made with other settings: name was "tiny", now "mlp-256"/);
  });

  test("a finished model, a damaged file and none at all are told apart", async () => {
    const { folder, run } = await workshop();
    await run([...tiny, "--epochs", "1", "--out", "done"]);
    const whole = await readFile(join(folder, "done", "model.safetensors"));
    await writeFile(join(folder, "half.safetensors"), whole.subarray(0, whole.length / 2));
    expect(await run(["train", "--resume", "done/model.safetensors"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected a checkpoint, got a finished model"),
    });
    expect(await run(["train", "--resume", "done/checkpoint.safetensors"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("that training is done: its model is done/model.safetensors"),
    });
    expect(await run(["train", "--resume", "half.safetensors"])).toMatchObject({ code: 3 });
    expect(await run(["train", "--resume", "none.safetensors"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("no such file"),
    });
  });
});
