// Bundles the dashboard into dist, which `atelier ui` serves. With --install (npm's postinstall) nothing is ever an
// error: without the bundle, only the dashboard is missing, and the server says so.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const installing = process.argv.includes("--install");

try {
  const began = Date.now();
  process.env.NODE_ENV = "production"; // a test runner's would make it React's slow development build
  const { build } = await import("vite");
  await build({ root, logLevel: installing ? "error" : "info" });
  console.log(`dashboard: built in ${((Date.now() - began) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(`dashboard: not built (${error.message.split("\n")[0]}); try \`npm run build:dashboard\``);
  process.exitCode = installing ? 0 : 1;
}
