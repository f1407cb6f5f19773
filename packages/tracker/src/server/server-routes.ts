/** The handlers of all calls; a forgotten one does not compile. */
import type { RouteName } from "../api/index.ts";
import { descriptionRoutes } from "./routes/description-routes.ts";
import { evaluationRoutes } from "./routes/evaluation-routes.ts";
import { extensionRoutes } from "./routes/extension-routes.ts";
import { fileRoutes } from "./routes/file-routes.ts";
import { historyRoutes } from "./routes/history-routes.ts";
import { liveRoutes } from "./routes/live-routes.ts";
import { runRoutes } from "./routes/run-routes.ts";
import { sessionRoutes } from "./routes/session-routes.ts";
import type { ServerRoutes } from "./server-route.ts";

export const serverRoutes: ServerRoutes<RouteName> = {
  ...sessionRoutes,
  ...runRoutes,
  ...historyRoutes,
  ...fileRoutes,
  ...evaluationRoutes,
  ...liveRoutes,
  ...extensionRoutes,
  ...descriptionRoutes,
};
