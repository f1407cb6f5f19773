#!/usr/bin/env node
/**
 * Starts the command line. Atelier runs from TypeScript source, which Node reads from version 24 on; under an older
 * Node the workspace's own one (the npm package `node`) takes over. Plain JavaScript that Node 20 understands.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const oldestVersion = 24;

if (Number.parseInt(process.versions.node, 10) >= oldestVersion) await import("../src/start.ts");
else runUnder(workspaceNode());

function workspaceNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
    return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  } catch {
    console.error(
      `atelier: expected Node ${oldestVersion} or later, got ${process.versions.node}, and the workspace's own is not installed; run: npm ci`,
    );
    return process.exit(70);
  }
}

/** Runs this file again; signals and the exit status pass through. */
function runUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C to both of us, `kill` only to this process: main.ts takes two in a row for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`atelier: cannot start ${node}: ${error.message}; run: npm ci`);
    process.exit(70);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
