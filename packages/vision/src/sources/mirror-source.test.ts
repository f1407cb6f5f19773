import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import type { DataProgress } from "../progress.ts";
import { mirrorSource } from "./mirror-source.ts";

const content = Buffer.alloc(100_000, "the content of a file, ");
const zipped = gzipSync(content);
const file = {
  name: "numbers",
  sizeBytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
};

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`;
}

test("a file is fetched from <url>/<name>.gz, verified, unpacked, and progress ends at the total", async () => {
  const paths: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    paths.push(request.url);
    response.setHeader("content-length", zipped.length);
    response.end(zipped);
  });
  const seen: DataProgress[] = [];
  const bytes = await mirrorSource(url, { onProgress: (progress) => seen.push(progress) }).read(file);
  expect(content.equals(bytes)).toBe(true);
  expect(paths).toEqual(["/data/numbers.gz"]);
  expect(seen.at(-1)).toEqual({
    what: "downloading numbers",
    unit: "bytes",
    done: zipped.length,
    total: zipped.length,
  });
});

test("a server that unpacks on the way is understood too", async () => {
  const url = await serve((_, response) => {
    response.setHeader("content-encoding", "gzip");
    response.end(zipped);
  });
  expect(content.equals(await mirrorSource(url).read(file))).toBe(true);
});

const refusals: readonly [what: string, listener: RequestListener, message: RegExp][] = [
  [
    "404",
    (_, response) => {
      response.statusCode = 404;
      response.end("no");
    },
    /numbers\.gz: HTTP 404 Not Found/,
  ],
  [
    "a body cut short",
    (_, response) => {
      response.setHeader("content-length", zipped.length);
      response.write(zipped.subarray(0, 100));
      setTimeout(() => response.destroy(), 50);
    },
    /numbers\.gz: terminated/,
  ],
  ["a cut archive", (_, response) => response.end(zipped.subarray(0, 100)), /damaged gzip stream/],
  [
    "another file",
    (_, response) => response.end(gzipSync("something else")),
    /expected 100000 bytes with SHA-256/,
  ],
  ["an HTML page", (_, response) => response.end("<html>log in first</html>"), /got 25 bytes with/],
  ["too much", (_, response) => response.end(Buffer.alloc(200_000)), /more than the expected 165536 bytes/],
  [
    "an archive that unpacks to too much",
    (_, response) => response.end(gzipSync(Buffer.alloc(10 ** 7))),
    /damaged gzip/,
  ],
  ["silence", (_, response) => response.writeHead(200).write("a"), /no byte for 0\.2 s/],
];

test.each(refusals)("refused: %s", async (_, listener, message) => {
  const url = await serve(listener);
  await expect(mirrorSource(url, { stallMs: 200 }).read(file)).rejects.toThrow(message);
});

test("an unreachable server is named with what happened", async () => {
  await expect(mirrorSource("http://127.0.0.1:1/").read(file)).rejects.toThrow(/numbers\.gz: fetch failed: /);
});

test("aborting stops a download under way", async () => {
  const url = await serve((_, response) => response.writeHead(200).write(zipped.subarray(0, 10)));
  const controller = new AbortController();
  const reading = mirrorSource(url, { signal: controller.signal, onProgress: () => controller.abort() }).read(
    file,
  );
  await expect(reading).rejects.toMatchObject({ code: "stopped" });
});

test.each(["nonsense", "file:///etc", ""])("the address %j is refused at once", (url) => {
  expect(() => mirrorSource(url)).toThrow("expected an address that starts with https://");
});
