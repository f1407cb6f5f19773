// Compiles src/native with the system's C++ compiler into build/atelier-kernels.node. Kernel files are compiled
// once a CPU variant; the add-on picks the fastest at load. Runs on any Node from 20, without dependencies but
// node-api-headers. With --install (npm's postinstall) nothing is ever an error: without the add-on, only the
// native executor is missing, and it says so. CXX names another compiler.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const sourceDir = join(here, "src", "native");
const buildDir = join(here, "build");
const addon = join(buildDir, "atelier-kernels.node");
const stampFile = join(buildDir, "stamp.txt");
const installing = process.argv.includes("--install");
const compiler = process.env.CXX || "g++";

const commonFlags = [
  "-std=c++20",
  "-fPIC",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
  "-Wno-psabi",
  "-DNDEBUG",
];
// Never -ffast-math: it makes the compiler spill accumulators, and NaN would go unnoticed.
const kernelFlags = ["-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"];
const kernelFiles = [
  "product",
  "gemm",
  "gemm-narrow",
  "conv2d",
  "conv2d-thin",
  "conv2d-fft",
  "conv2d-fft-filter-grad",
  "fourier",
  "conv2d-winograd",
  "winograd-filter-grad",
  "winograd-transforms",
  "conv2d-block",
  "conv2d-block-grad",
  "block-windows",
  "image-lanes",
  "lanes-slide",
  "conv2d-pool",
  "complex-product",
  "spectrum",
  "pool2d",
  "expression",
  "map",
  "reduce",
  "batch-norm",
  "layer-norm",
  "softmax",
  "normalize",
  "table",
];
/** What a variant with a matrix unit compiles. */
const matrixFiles = [
  "gemm-matrix",
  "winograd-matrix",
  "conv2d-block-matrix",
  "lanes-matrix",
  "image-lanes",
  "matrix-table",
  "expression",
];
/** Kernel files whose results are held to the bits of a description in TypeScript. */
const exactFiles = ["normalize"];
const plainFiles = [
  "addon",
  "session",
  "validate",
  "validate-images",
  "validate-matrices",
  "variants",
  "gather",
  "naive",
  "naive-blocks",
  "memory",
  "thread-pool",
];

/**
 * CPU variants: C++ namespace, name shown, floats a vector, flags. One that lies `over` another compiles only the
 * `files` in which it differs.
 */
const variants = {
  x64: [
    {
      namespace: "amx",
      name: "amx",
      lanes: 16,
      flags: ["-O3", "-march=x86-64-v4", "-mprefer-vector-width=512", "-mamx-tile", "-mamx-bf16"],
      over: "avx512",
      files: matrixFiles,
    },
    {
      namespace: "avx512",
      name: "avx512",
      lanes: 16,
      flags: ["-O3", "-march=x86-64-v4", "-mprefer-vector-width=512"],
    },
    { namespace: "avx2", name: "avx2", lanes: 8, flags: ["-O3", "-march=x86-64-v3"] },
    { namespace: "portable", name: "portable", lanes: 4, flags: ["-O3"] },
    // The AVX-512 code on machines without it, for tests: correct, slow, and compiled in a hurry.
    { namespace: "avx512emulated", name: "avx512-emulated", lanes: 16, flags: ["-O1", "-march=x86-64-v3"] },
    {
      namespace: "amxemulated",
      name: "amx-emulated",
      lanes: 16,
      flags: ["-O2", "-march=x86-64-v3"],
      over: "avx512emulated",
      files: matrixFiles,
    },
  ],
  arm64: [
    { namespace: "neon", name: "neon", lanes: 4, flags: ["-O3"] },
    { namespace: "portable", name: "portable", lanes: 4, flags: ["-O2", "-fno-tree-vectorize"] },
  ],
}[process.arch] ?? [{ namespace: "portable", name: "portable", lanes: 4, flags: ["-O3"] }];

class BuildProblem extends Error {}

/** Object files to make: name and compiler arguments, the slow ones first. */
function objects(includeDir) {
  const kernels = [...new Set([...kernelFiles, ...matrixFiles])].flatMap((file) =>
    variants
      .filter(({ files = kernelFiles }) => files.includes(file))
      .map((variant) => ({
        name: `${file}.${variant.name}.o`,
        arguments: [
          ...commonFlags,
          ...variant.flags,
          ...kernelFlags,
          ...(exactFiles.includes(file) ? ["-ffp-contract=off"] : []),
          `-DATELIER_VARIANT=${variant.namespace}`,
          `-DATELIER_VARIANT_NAME="${variant.name}"`,
          `-DATELIER_LANES=${variant.lanes}`,
          ...(variant.over ? [`-DATELIER_BASE=${variant.over}`] : []),
          "-c",
          join(sourceDir, `${file}.cpp`),
        ],
      })),
  );
  const plain = plainFiles.map((file) => ({
    name: `${file}.o`,
    arguments: [
      ...commonFlags,
      "-O2",
      "-ffp-contract=off",
      `-I${includeDir}`,
      "-c",
      join(sourceDir, `${file}.cpp`),
    ],
  }));
  return [...kernels, ...plain];
}

function findHeaders() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")), "include");
  } catch (cause) {
    throw new BuildProblem("node-api-headers is missing; run `npm ci` first", { cause });
  }
}

function compilerVersion() {
  const { status, stdout, error } = spawnSync(compiler, ["--version"], { encoding: "utf8" });
  if (error || status !== 0)
    throw new BuildProblem(
      `no C++ compiler (${compiler}): for the native executor, \`apt-get install g++\` then \`npm run build:native\``,
    );
  return stdout.split("\n")[0];
}

function compile(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new BuildProblem(`${compiler} failed on ${args.at(-1)}`)),
    );
  });
}

/** What the result depends on, as one hash. */
function stampOf(version, tasks) {
  const hash = createHash("sha256").update(version).update(JSON.stringify(tasks)).update(process.arch);
  for (const file of readdirSync(sourceDir).sort())
    hash.update(file).update(readFileSync(join(sourceDir, file)));
  return hash.digest("hex");
}

async function build() {
  const version = compilerVersion();
  const tasks = objects(findHeaders());
  const stamp = stampOf(version, tasks);
  if (existsSync(addon) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;

  // Everything happens in a folder of its own, so that two builds at once do not meet.
  const objectDir = join(buildDir, `objects-${process.pid}`);
  mkdirSync(objectDir, { recursive: true });
  try {
    const began = Date.now();
    const queue = [...tasks];
    const worker = async () => {
      for (let task = queue.shift(); task; task = queue.shift())
        await compile([...task.arguments, "-o", join(objectDir, task.name)]);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    const linked = join(objectDir, "atelier-kernels.node");
    const undefinedSymbols = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
    await compile([
      "-shared",
      "-pthread",
      ...undefinedSymbols,
      ...tasks.map(({ name }) => join(objectDir, name)),
      "-o",
      linked,
    ]);
    renameSync(linked, addon);
    writeFileSync(stampFile, stamp);
    console.log(`native kernels: built in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  } finally {
    rmSync(objectDir, { recursive: true, force: true });
  }
}

try {
  await build();
} catch (error) {
  console.error(`native kernels: ${error instanceof BuildProblem ? error.message : error.stack}`);
  process.exitCode = installing ? 0 : 1;
}
