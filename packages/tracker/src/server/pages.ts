/** The web application's files: whatever lies in its folder, and its index page for every other address. */
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { TrackerError } from "../model/tracker-error.ts";
import type { Sender } from "./server-route.ts";

const types: { readonly [ending: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

/** Scripts, styles and pictures of this server only; WebAssembly for models. Styles inline, as charts set them. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** What a name with a hash in it stands for never changes. */
const hashedName = /-[\w-]{8,}\.\w+$/;

/** Answers GETs outside of the API from `folder`. Only what lies in the folder when it is asked for is ever read. */
export async function sendPage(folder: string, request: FastifyRequest): Promise<Sender> {
  const wanted = decodeURIComponent(request.url.split("?")[0]!.slice(1));
  const files = await filesOf(folder);
  if (!files.includes("index.html")) return notBuilt;
  const isFile = files.includes(wanted);
  // A run's name in an address may have a dot; only what is asked for as part of a page can be missing.
  if (!isFile && wanted.startsWith("assets/")) {
    throw new TrackerError("not-found", `${request.url}: there is no such file; load the page again.`);
  }
  const file = isFile ? wanted : "index.html";
  const caching = isFile && hashedName.test(file) ? "private, max-age=31536000, immutable" : "no-cache";
  const content =
    file === "index.html" ? await readFile(join(folder, file)) : createReadStream(join(folder, file));
  return (reply) => headed(reply, extname(file)).header("cache-control", caching).send(content);
}

function headed(reply: FastifyReply, ending: string): FastifyReply {
  return reply
    .type(types[ending] ?? "application/octet-stream")
    .header("content-security-policy", contentSecurityPolicy)
    .header("cross-origin-opener-policy", "same-origin")
    .header("cross-origin-embedder-policy", "require-corp");
}

const notBuilt: Sender = (reply) =>
  reply
    .code(503)
    .type("text/plain; charset=utf-8")
    .send(
      "The dashboard is not built. Run: npm run build:dashboard\nThe API is there already: /api/openapi.json\n",
    );

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"));
}
