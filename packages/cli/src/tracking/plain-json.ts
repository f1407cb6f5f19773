import { encodeJson, type Json } from "@atelier/tracker";

/** A result whose numbers may be NaN or infinite, for `--json`: these as texts, as stores and exports write them. */
export function plainJson(result: object): object {
  return encodeJson(result as unknown as Json) as unknown as object;
}
