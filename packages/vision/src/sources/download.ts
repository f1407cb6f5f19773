/** One HTTP download into memory: bounded in size, given up when it stalls, abortable. */
import { AtelierError } from "@atelier/engine";

/** The limits of a download. */
export interface DownloadOptions {
  /** More bytes than this are an error. */
  readonly maxBytes: number;
  /** Give up when no byte arrives for this long. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each chunk; `total` is undefined when the server does not say. */
  readonly onBytes?: ((done: number, total: number | undefined) => void) | undefined;
}

/**
 * The body behind `url`. Throws "no-data" when the server cannot be reached, answers other than 200, stalls, or
 * sends fewer bytes than it announced or more than allowed; "stopped" when `signal` aborts.
 */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array> {
  const stall = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stall.abort(new Error(`no byte for ${options.stallMs / 1000} s`)),
      options.stallMs,
    );
  };
  const signal = options.signal ? AbortSignal.any([stall.signal, options.signal]) : stall.signal;
  try {
    restart();
    const response = await fetch(url, { signal, headers: { "accept-encoding": "identity" } });
    if (response.status !== 200 || !response.body)
      throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
    return await collect(response, options, restart);
  } catch (cause) {
    if (options.signal?.aborted) throw new AtelierError("stopped", `download of ${url} stopped`, { cause });
    throw new AtelierError("no-data", `${url}: ${reasonOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    stall.abort(); // closes the connection when the body was given up half-way
  }
}

async function collect(
  response: Response,
  options: DownloadOptions,
  onChunk: () => void,
): Promise<Uint8Array> {
  const announced = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
  const total = announced === null ? undefined : Number(announced);
  const chunks: Uint8Array[] = [];
  let done = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    onChunk();
    done += chunk.length;
    if (done > options.maxBytes) throw new Error(`more than the expected ${options.maxBytes} bytes`);
    chunks.push(chunk);
    options.onBytes?.(done, total);
  }
  if (total !== undefined && done !== total) throw new Error(`truncated: ${done} of ${total} bytes`);
  return Buffer.concat(chunks, done);
}

/** fetch says "fetch failed" and keeps what happened in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== ""
    ? `${error.message}: ${cause.message}`
    : error.message;
}
