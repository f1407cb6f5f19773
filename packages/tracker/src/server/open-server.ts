/** A server that listens. */
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { TrackerError } from "../model/tracker-error.ts";
import { createServer, type ServerOptions } from "./create-server.ts";
import { isLoopbackName } from "./guard.ts";

export interface OpenServerOptions extends ServerOptions {
  /** Address to listen on; any but this machine's own needs a key. Default: 127.0.0.1. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where the port is taken, take the next free one instead of refusing. */
  readonly orNextPort?: boolean;
}

export interface OpenServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** So long may what is being answered take once the server is to end. */
const graceMs = 3000;

/** So many ports after the one wanted are looked at. */
const portsTried = 50;

/**
 * Opens a server; disposing it ends live streams and waits, a little, for what is being answered. Throws bad-argument for an address
 * of others without a key, and for a port that is taken, naming the next free one.
 */
export async function openServer(options: OpenServerOptions): Promise<OpenServer> {
  const { host = "127.0.0.1", port: wanted, orNextPort = false, keyHash } = options;
  if (keyHash === undefined && !isLoopbackName(host)) {
    throw new TrackerError(
      "bad-argument",
      `${host}: others could read and change everything there; \`atelier serve\` asks them for an access key.`,
    );
  }
  const port = await portFor(wanted, host, orNextPort);
  const server = createServer(options);
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw cannotListen(host, port, cause as NodeJS.ErrnoException);
  }
  const actual = (server.server.address() as AddressInfo).port;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${actual}`,
    port: actual,
    [Symbol.asyncDispose]: async () => {
      const timer = setTimeout(() => server.server.closeAllConnections(), graceMs);
      await server.close().finally(() => clearTimeout(timer));
    },
  };
}

async function portFor(wanted: number, host: string, orNextPort: boolean): Promise<number> {
  if (wanted === 0 || (await isFree(wanted, host))) return wanted;
  const last = Math.min(65_535, wanted + portsTried);
  for (let port = wanted + 1; port <= last; port++) {
    if (!(await isFree(port, host))) continue;
    if (orNextPort) return port;
    throw new TrackerError("bad-argument", `port ${wanted} is taken; ${port} is free: --port ${port}`);
  }
  throw new TrackerError("bad-argument", `the ports ${wanted} to ${last} are taken; choose another: --port`);
}

/** Throws bad-argument where the address cannot be listened on at all. */
function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createSocketServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(cannotListen(host, port, error));
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): TrackerError {
  const reason = cause.code === "EACCES" ? "that needs more rights; choose a port above 1023" : cause.message;
  return new TrackerError("bad-argument", `cannot listen on ${host}, port ${port}: ${reason}.`, { cause });
}
