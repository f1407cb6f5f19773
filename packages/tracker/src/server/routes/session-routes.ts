/** Whether the caller is let in, and letting a browser in. */
import { z } from "zod";
import type { Session } from "../../api/index.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import { sessionCookie } from "../guard.ts";
import { text } from "../schemas/json.ts";
import type { ServerRoutes } from "../server-route.ts";

const session = z.object({
  needsKey: z.boolean(),
  isOpen: z.boolean(),
  version: text,
}) satisfies z.ZodType<Session>;

export const sessionRoutes: ServerRoutes<"readSession" | "openSession" | "closeSession"> = {
  readSession: {
    about: "Whether this server wants an access key, and whether this call brought it.",
    answer: session,
    answerTo: async ({ request }, { guard, version }) => ({
      needsKey: guard.needsKey,
      isOpen: await guard.isKnown(request),
      version,
    }),
  },
  openSession: {
    about: "Takes an access key and sets the cookie that brings it from then on.",
    body: z.object({ key: text }),
    answer: session,
    answerTo: async ({ body: { key } }, { guard, version }) => {
      if (!(await guard.isKey(key))) {
        throw new TrackerError("no-access", "this is not the access key of this server.");
      }
      const answer: Session = { needsKey: guard.needsKey, isOpen: true, version };
      return async (reply) => reply.header("set-cookie", sessionCookie(key)).send(answer);
    },
  },
  closeSession: {
    about: "Takes the cookie away.",
    answer: session,
    answerTo: (_, { guard, version }) => {
      const answer: Session = { needsKey: guard.needsKey, isOpen: !guard.needsKey, version };
      return async (reply) => reply.header("set-cookie", sessionCookie(undefined)).send(answer);
    },
  },
};
