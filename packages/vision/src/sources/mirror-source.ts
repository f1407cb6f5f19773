/** A web server with the gzipped files of a dataset as a source. */
import { AtelierError } from "@atelier/engine";
import type { DataProgress } from "../progress.ts";
import { type DataSource, verifyFile } from "./data-source.ts";
import { download } from "./download.ts";

/** How to fetch from a mirror. */
export interface MirrorOptions {
  readonly stallMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DataProgress) => void) | undefined;
}

/** Files are at `<url>/<name>.gz`. Throws "bad-argument" when `url` is not a web address. */
export function mirrorSource(
  url: string,
  { stallMs = 20_000, signal, onProgress }: MirrorOptions = {},
): DataSource {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new AtelierError("bad-argument", `mirror "${url}": expected an address that starts with https://`);
  }
  const base = url.endsWith("/") ? url : `${url}/`;
  return {
    label: "mirror",
    kind: "outside",
    async read(file) {
      const address = `${base}${file.name}.gz`;
      const what = `downloading ${file.name}`;
      const bytes = await download(address, {
        maxBytes: file.sizeBytes + 65_536, // a gzip stream is at most slightly larger than its content
        stallMs,
        signal,
        onBytes: (done, total) =>
          onProgress?.({ what, unit: "bytes", done, ...(total !== undefined && { total }) }),
      });
      return verifyFile(file, bytes, address);
    },
  };
}
