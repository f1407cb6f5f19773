/**
 * Who may call the server. Without an access key only this machine may, and only under a name that is always this
 * machine's: a page elsewhere whose name was made to mean 127.0.0.1 is refused. With one, every call but those that open a
 * session brings it, as bearer token or cookie. Pages of other sites may never write.
 */
import type { FastifyRequest } from "fastify";
import { TrackerError } from "../model/tracker-error.ts";
import { keyChecker } from "./access-key.ts";

export interface Guard {
  readonly needsKey: boolean;
  /** Throws refused for a call under a foreign name or from a foreign page. */
  readonly expectOwnPage: (request: FastifyRequest) => void;
  /** Whether a call brings the key, where one is needed. */
  readonly isKnown: (request: FastifyRequest) => Promise<boolean>;
  /** Whether this is the key. */
  readonly isKey: (key: string) => Promise<boolean>;
}

const cookieName = "atelier_key";

/** A guard for a server with a key, given as its hash, or without. */
export function guardOf(keyHash: string | undefined): Guard {
  const isKey = keyHash === undefined ? async () => true : keyChecker(keyHash);
  return {
    needsKey: keyHash !== undefined,
    isKey,
    isKnown: async ({ headers }) => {
      if (keyHash === undefined) return true;
      const key = bearerOf(headers.authorization) ?? cookieOf(headers.cookie);
      return key !== undefined && (await isKey(key));
    },
    expectOwnPage: ({ method, headers }) => {
      const host = headers.host ?? "";
      if (keyHash === undefined && !isLoopbackName(nameOf(host))) {
        throw new TrackerError(
          "refused",
          `this server answers to localhost and 127.0.0.1 only, and was called ${JSON.stringify(host)}.`,
        );
      }
      if (method === "GET" || method === "HEAD") return;
      const site = headers["sec-fetch-site"];
      const isForeign =
        site === undefined
          ? headers.origin !== undefined && hostOf(headers.origin) !== host
          : site !== "same-origin" && site !== "none";
      if (isForeign) throw new TrackerError("refused", "pages of other sites may not change anything here.");
    },
  };
}

/** The cookie that lets a browser in; of no key: the one that ends the session. */
export function sessionCookie(key: string | undefined): string {
  const about = "Path=/; HttpOnly; SameSite=Strict";
  return key === undefined
    ? `${cookieName}=; ${about}; Max-Age=0`
    : `${cookieName}=${encodeURIComponent(key)}; ${about}; Max-Age=31536000`;
}

/** Whether an address or a name can only be this machine. */
export function isLoopbackName(name: string): boolean {
  return name === "localhost" || name === "::1" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** `localhost:6006` without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(header ?? "")?.[1];
}

function cookieOf(header: string | undefined): string | undefined {
  const found = (header ?? "").split(/;\s*/).find((cookie) => cookie.startsWith(`${cookieName}=`));
  try {
    return found && decodeURIComponent(found.slice(cookieName.length + 1));
  } catch {
    return undefined; // not one of ours
  }
}
