/** Evaluations kept with runs. */
import { z } from "zod";
import { TrackerError } from "../../model/tracker-error.ts";
import { evaluation } from "../schemas/artifact.ts";
import { texts } from "../schemas/json.ts";
import type { ServerRoutes } from "../server-route.ts";

export const evaluationRoutes: ServerRoutes<"listEvaluations" | "listRunEvaluations" | "putEvaluation"> = {
  listEvaluations: {
    about: "The evaluations of several runs, newest first.",
    query: z.strictObject({ runs: texts.default([]) }),
    answer: z.array(evaluation),
    answerTo: ({ query }, { store }) => store.listEvaluations(query.runs),
  },
  listRunEvaluations: {
    about: "The evaluations of a run, newest first.",
    answer: z.array(evaluation),
    answerTo: async ({ parameters }, { store }) => {
      await store.getRun(parameters.runId); // not-found
      return store.listEvaluations([parameters.runId]);
    },
  },
  putEvaluation: {
    about: "Keeps an evaluation with its run, in place of an earlier one on the same data and part.",
    body: evaluation,
    answer: z.null(),
    answerTo: async ({ parameters, body }, { store }) => {
      if (body.runId !== parameters.runId) {
        throw new TrackerError(
          "bad-argument",
          `runId: expected the run of the path, ${parameters.runId}, got ${body.runId}.`,
        );
      }
      return store.putEvaluation(body).then(() => null);
    },
  },
};
