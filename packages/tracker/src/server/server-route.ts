/** What the server knows of a call: what it takes, how it answers, and words for its description. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { AnswerOf, BodyOf, FileAnswer, ParametersOf, QueryOf, RouteName } from "../api/index.ts";
import type { Store } from "../store/store.ts";
import type { Extensions } from "./extensions.ts";
import type { Guard } from "./guard.ts";
import type { LiveStream } from "./live-stream.ts";

/** What the server works with. */
export interface ServerParts {
  readonly store: Store;
  readonly extensions: Extensions;
  readonly live: LiveStream;
  readonly guard: Guard;
  readonly version: string;
  readonly largestUploadBytes: number;
}

/** A call as its handler gets it: decoded and checked. */
export interface Received<N extends RouteName> {
  readonly parameters: ParametersOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  readonly request: FastifyRequest;
}

/** Sends bytes by itself; for what is no JSON. */
export type Sender = (reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;

type Answer<N extends RouteName> = AnswerOf<N> extends FileAnswer ? Sender : AnswerOf<N> | Sender;

export type ServerRoute<N extends RouteName> = {
  /** One sentence for the API's description. */
  readonly about: string;
  /** Schema of the answer, or what else it is. */
  readonly answer: z.ZodType | { readonly contentType: string };
  readonly answerTo: (received: Received<N>, parts: ServerParts) => Promise<Answer<N>> | Answer<N>;
} & (QueryOf<N> extends undefined ? unknown : { readonly query: z.ZodType<QueryOf<N>> }) &
  (BodyOf<N> extends undefined ? unknown : { readonly body: z.ZodType<BodyOf<N>> });

/** The handlers of some calls. */
export type ServerRoutes<N extends RouteName> = { readonly [name in N]: ServerRoute<name> };
