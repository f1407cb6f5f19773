/**
 * The live stream: server-sent events named `changes`, each with Changes as data and its cursor as id. The first comes at
 * once and says where things stand; a stream that is cut off goes on where it was, by Last-Event-ID, as EventSource does
 * by itself. New points are then read by readRows with `changedAfter` the earlier cursor.
 */
import type { Changes } from "../store/store.ts";

/** The name of the events. */
export const changesEvent = "changes";

/** The text of one event. */
export function encodeChanges(changes: Changes): string {
  return `event: ${changesEvent}\nid: ${changes.cursor}\ndata: ${JSON.stringify(changes)}\n\n`;
}
