/** What has changed: asked once, or followed. */
import { z } from "zod";
import { encodeChanges } from "../../api/index.ts";
import { count, numberText, text } from "../schemas/json.ts";
import type { ServerRoutes } from "../server-route.ts";

/** A comment this often keeps proxies from taking a quiet stream for a dead one. */
const heartbeatMs = 15_000;

const query = z.strictObject({ cursor: numberText.exactOptional() });

const changes = z.object({
  cursor: count,
  runs: z.array(
    z.object({
      runId: text,
      entity: text,
      project: text,
      kinds: z.array(z.enum(["run", "history", "system", "console", "files", "evaluations"])),
    }),
  ),
  deletedRunIds: z.array(text),
});

export const liveRoutes: ServerRoutes<"readChanges" | "followChanges"> = {
  readChanges: {
    about: "What has happened since a change number; without one, where things stand.",
    query,
    answer: changes,
    answerTo: ({ query: { cursor } }, { store }) => store.changesSince(cursor),
  },
  followChanges: {
    about: "Server-sent events, one for every group of changes; goes on from Last-Event-ID.",
    query,
    answer: { contentType: "text/event-stream" },
    answerTo: ({ query: { cursor }, request }, { live }) => {
      const last = Number(request.headers["last-event-id"] ?? Number.NaN);
      return async (reply) => {
        reply.hijack();
        const { raw } = reply;
        raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        });
        raw.write(": atelier\n\n"); // headers reach the browser at once
        const heartbeat = setInterval(() => raw.write(":\n\n"), heartbeatMs);
        const stop = live.listen(Number.isSafeInteger(last) ? last : cursor, {
          onChanges: (news) => raw.write(encodeChanges(news)),
          onEnd: () => raw.end(() => raw.socket?.destroySoon()),
        });
        raw.on("close", () => {
          clearInterval(heartbeat);
          stop();
        });
        return reply;
      };
    },
  },
};
