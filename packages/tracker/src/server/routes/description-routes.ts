/** The API about itself. */
import type { z } from "zod";
import { openApi } from "../openapi.ts";
import { jsonObject } from "../schemas/json.ts";
import type { ServerRoutes } from "../server-route.ts";

export const descriptionRoutes: ServerRoutes<"describeApi"> = {
  describeApi: {
    about: "This description.",
    answer: jsonObject as z.ZodType,
    answerTo: (_, { version }) => openApi(version),
  },
};
