/** Files of runs, blobs and artifacts. */
import { z } from "zod";
import { TrackerError } from "../../model/tracker-error.ts";
import { anyBytes, typeOfName } from "../safe-content-type.ts";
import { artifact, blobInfo, newArtifact, storedFile } from "../schemas/artifact.ts";
import { count, text } from "../schemas/json.ts";
import { sendBlob } from "../send-blob.ts";
import type { ServerRoutes } from "../server-route.ts";
import { upload } from "../upload.ts";
import { scope } from "./run-routes.ts";

export const fileRoutes: ServerRoutes<
  | "listFiles"
  | "putFile"
  | "readFile"
  | "findBlob"
  | "readBlob"
  | "putBlob"
  | "removeUnusedBlobs"
  | "listArtifacts"
  | "getArtifact"
  | "listRunArtifacts"
  | "createArtifact"
  | "useArtifact"
> = {
  listFiles: {
    about: "The files of a run, sorted by path.",
    answer: z.array(storedFile),
    answerTo: ({ parameters }, { store }) => store.listFiles(parameters.runId),
  },
  putFile: {
    about: "Says that a run has a file, replacing one of the same path. Its blob must be there.",
    body: storedFile,
    answer: z.null(),
    answerTo: ({ parameters, body }, { store }) => store.putFile(parameters.runId, body).then(() => null),
  },
  readFile: {
    about: "The content of a file of a run, or a range of it.",
    answer: { contentType: anyBytes },
    answerTo: async ({ parameters: { runId, "*": path }, request }, { store }) => {
      const file = (await store.listFiles(runId)).find((one) => one.path === path);
      if (file === undefined) {
        throw new TrackerError("not-found", `run ${runId} has no file ${JSON.stringify(path)}.`);
      }
      const { blobs } = store;
      return sendBlob(file.sha256, { blobs, request, contentType: typeOfName(path), caching: "revalidate" });
    },
  },
  findBlob: {
    about: "Whether there is a blob, and how long it is.",
    answer: { contentType: anyBytes },
    answerTo: ({ parameters, request }, { store: { blobs } }) =>
      sendBlob(parameters.sha256, { blobs, request, caching: "immutable" }),
  },
  readBlob: {
    about: "The content of a blob, or a range of it. Pictures have their type, all else is bytes.",
    answer: { contentType: anyBytes },
    answerTo: ({ parameters, request }, { store: { blobs } }) =>
      sendBlob(parameters.sha256, { blobs, request, caching: "immutable" }),
  },
  putBlob: {
    about: "Keeps bytes, sent as application/octet-stream, whose SHA-256 is the one of the path.",
    answer: blobInfo,
    answerTo: ({ parameters: { sha256 }, request }, { store, largestUploadBytes }) =>
      store.blobs.put({ sha256, pieces: upload(request, largestUploadBytes) }),
  },
  removeUnusedBlobs: {
    about: "Removes blobs that nothing refers to and that are older than a day.",
    answer: z.object({ count, sizeBytes: count }),
    answerTo: (_, { store }) => store.removeUnusedBlobs(),
  },
  listArtifacts: {
    about: "All versions of all artifacts of a project, newest first.",
    query: scope,
    answer: z.array(artifact),
    answerTo: ({ query }, { store }) => store.listArtifacts(query),
  },
  getArtifact: {
    about: "A version of an artifact, by v3 or by an alias.",
    query: scope,
    answer: artifact,
    answerTo: ({ parameters, query }, { store }) => store.getArtifact({ ...query, ...parameters }),
  },
  listRunArtifacts: {
    about: "The artifacts that a run made or used, newest first.",
    answer: z.array(artifact),
    answerTo: async ({ parameters: { runId } }, { store }) => {
      await store.getRun(runId); // not-found
      return store.listArtifacts({ runId });
    },
  },
  createArtifact: {
    about: "Makes the next version of an artifact. All blobs must be there.",
    body: newArtifact,
    answer: artifact,
    answerTo: ({ parameters, body }, { store }) => store.createArtifact(parameters.runId, body),
  },
  useArtifact: {
    about: "Notes that a run used an artifact.",
    body: z.object({ entity: text, project: text, name: text, version: count }),
    answer: z.null(),
    answerTo: ({ parameters, body }, { store }) => store.useArtifact(parameters.runId, body).then(() => null),
  },
};
