import { describe, expect, test } from "vitest";
import { workshop } from "../test/workshop.ts";

const commands = [
  "quickstart",
  "recipes",
  "data",
  "train",
  "summary",
  "plan",
  "evaluate",
  "predict",
  "export",
];

describe("help", () => {
  test("names every command, on stdout, and is no error", async () => {
    const { run } = await workshop();
    const { code, stdout, stderr } = await run(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
  });

  test("is what comes without a command, with nothing but it", async () => {
    const { run } = await workshop();
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe((await run(["--help"])).stdout);
  });

  test.each(commands)("of %s describes every option", async (command) => {
    const { run } = await workshop();
    const { code, stdout } = await run([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--json +print one JSON object on stdout/);
  });
});

describe("what cannot be understood", () => {
  test.each([
    [["trian"], "atelier: unknown command 'trian'; did you mean train?\n"],
    [["train", "tiny.yaml", "--epoch", "3"], "atelier: unknown option '--epoch'; did you mean --epochs?\n"],
    [
      ["train", "tiny.yaml", "--epochs", "few"],
      'atelier: --epochs: expected a whole number ≥ 1, got "few".\n',
    ],
    [
      ["train", "tiny.yaml", "--executor", "nativ"],
      'atelier: --executor: expected a kind of executor, got "nativ". Did you mean "native"?\n',
    ],
    [["summary"], "atelier: missing required argument 'recipe|file|run'\n"],
    [
      ["export", "x.safetensors", "--format", "onxx"],
      'atelier: --format: expected a file format, got "onxx". Did you mean "onnx"?\n',
    ],
    [
      ["data", "fashion-mnst"],
      /^atelier: dataset "fashion-mnst": no dataset of this name .*did you mean "fashion-mnist"\?\n$/,
    ],
  ])("%j", async (args, message) => {
    const { run } = await workshop();
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(code).not.toBe(0);
  });

  test("with --json the error is an object on stdout too", async () => {
    const { run } = await workshop();
    const { code, stdout } = await run(["summary", "mlp-1042", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: "bad-argument", message: expect.stringContaining('Did you mean "mlp-1024"?') },
    });
  });

  test("--debug shows where an error comes from", async () => {
    const { run } = await workshop();
    expect((await run(["summary", "none", "--debug"])).stderr).toMatch(/\n +at .*load-recipe\.ts:/);
    expect((await run(["summary", "none"])).stderr).not.toMatch(/\n +at /);
  });
});

test("summary counts as the report does", async () => {
  const { run } = await workshop();
  const { stdout } = await run(["summary", "cnn-tuned", "--json"]);
  const { layers, parameters } = JSON.parse(stdout);
  expect(parameters).toEqual({ total: 5_821_258, trainable: 5_821_002, nonTrainable: 256 });
  expect(layers.map((layer: { parameters: number }) => layer.parameters)).toEqual([
    13_312, 0, 2_359_808, 3_211_392, 512, 0, 204_864, 0, 0, 31_370,
  ]);
  expect((await run(["summary", "mlp-1024"])).stdout).toContain("Total params: 814,090");
});

test("recipes lists each with a line", async () => {
  const { run } = await workshop();
  const { recipes } = JSON.parse((await run(["recipes", "--json"])).stdout);
  expect(recipes).toHaveLength(8);
  expect((await run(["recipes"])).stdout).toMatch(/^mlp-1024 +Perceptron/m);
});
