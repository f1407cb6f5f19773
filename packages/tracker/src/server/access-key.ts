/** Access keys: random texts, of which a server keeps only a scrypt hash (RFC 7914, N = 2¹⁴, r = 8, p = 1). */
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { TrackerError } from "../model/tracker-error.ts";

const hashBytes = 32;
const scryptOf = promisify<string, Uint8Array, number, Buffer>(scrypt);

/** A new key of 256 random bits. */
export function newAccessKey(): string {
  return `atelier_${randomBytes(32).toString("base64url")}`;
}

/** What a server keeps of a key: `scrypt$salt$hash`. */
export async function hashAccessKey(key: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scryptOf(key, salt, hashBytes);
  return `scrypt$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/**
 * Tells whether a key is the one of a hash. The slow hash is computed once for each right key; a wrong one costs it every
 * time. Throws bad-argument for what is no hash.
 */
export function keyChecker(stored: string): (key: string) => Promise<boolean> {
  const [kind, salt, hash] = stored.split("$");
  const expected = Buffer.from(hash ?? "", "base64url");
  if (kind !== "scrypt" || salt === undefined || expected.length !== hashBytes) {
    throw new TrackerError("bad-argument", "expected the hash of an access key, got something else.");
  }
  let known: Buffer | undefined;
  return async (key) => {
    const digest = createHash("sha256").update(key).digest();
    if (known !== undefined && timingSafeEqual(known, digest)) return true;
    const found = await scryptOf(key, Buffer.from(salt, "base64url"), hashBytes);
    if (!timingSafeEqual(found, expected)) return false;
    known = digest;
    return true;
  };
}
