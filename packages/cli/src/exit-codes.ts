/** What the process answers to its caller. One table, total over the error codes. */
import type { ErrorCode } from "@atelier/engine";
import type { TrackerErrorCode } from "@atelier/tracker";

export const exitCodes: { readonly [code in ErrorCode | TrackerErrorCode]: number } = {
  "bad-argument": 2,
  "shape-mismatch": 2,
  "bad-file": 3,
  "no-data": 4,
  diverged: 5,
  "out-of-memory": 6,
  "no-native": 7,
  "cannot-write": 8,
  "not-found": 9,
  conflict: 10,
  "bad-store": 11,
  "newer-store": 12,
  busy: 13,
  "no-access": 14,
  refused: 15,
  "too-large": 16,
  unreachable: 17,
  internal: 70,
  stopped: 130,
};
