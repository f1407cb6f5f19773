/** How a call fails: the status of a code, from one table, and the sentence. */
import { TrackerError, type TrackerErrorCode } from "../model/tracker-error.ts";

/** What a call that failed answers. */
export interface ApiFailure {
  readonly error: { readonly code: TrackerErrorCode; readonly message: string };
}

/** The status of a code. */
export const statusOf: { readonly [code in TrackerErrorCode]: number } = {
  "bad-argument": 400,
  "no-access": 401,
  refused: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  internal: 500,
  "bad-store": 500,
  "newer-store": 500,
  unreachable: 502,
  busy: 503,
  "cannot-write": 507,
};

/** The error that a response stands for; one without a sentence, as to HEAD, is known by its status. */
export async function failureOf(response: Response): Promise<TrackerError> {
  const told = toldFailure(await response.text().catch(() => ""));
  if (told) return new TrackerError(told.code, told.message.replace(/^internal: /, ""));
  const codes = Object.keys(statusOf) as TrackerErrorCode[];
  const code = codes.find((one) => statusOf[one] === response.status) ?? "unreachable";
  return new TrackerError(code, `${response.url}: the server answered ${response.status}.`);
}

function toldFailure(text: string): ApiFailure["error"] | undefined {
  try {
    const { error } = JSON.parse(text) as Partial<ApiFailure>;
    const isKnown =
      error !== undefined && Object.hasOwn(statusOf, error.code) && typeof error.message === "string";
    return isKnown ? error : undefined;
  } catch {
    return undefined; // a proxy's page, say
  }
}
