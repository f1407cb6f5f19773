/** The API's description (OpenAPI 3.1), from the schemas that calls are checked by. */
import { z } from "zod";
import { type RouteName, routes } from "../api/index.ts";
import { serverRoutes } from "./server-routes.ts";

interface AnyRoute {
  readonly about: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType | { readonly contentType: string };
}

/** The document for a server of this version. */
export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const [method, path] = routes[name].split(" ") as [string, string];
    const template = path.replaceAll(/:([A-Za-z0-9]+)/g, "{$1}").replace("*", "{path}");
    paths[template] ??= {};
    paths[template][method.toLowerCase()] = operationOf(
      name,
      serverRoutes[name] as unknown as AnyRoute,
      template,
    );
  }
  return {
    openapi: "3.1.0",
    info: { title: "Atelier", version },
    paths,
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer", description: "The server's access key." } },
      schemas: {
        Failure: schemaOf(z.object({ error: z.object({ code: z.string(), message: z.string() }) }), "output"),
      },
    },
    security: [{}, { key: [] }],
  };
}

function operationOf(name: RouteName, { about, query, body, answer }: AnyRoute, template: string): object {
  return {
    operationId: name,
    summary: about,
    parameters: [...pathParameters(template), ...(query ? queryParameters(query) : [])],
    ...(body && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(body, "input") } } },
    }),
    responses: {
      200: {
        description: "What was asked for.",
        content:
          answer instanceof z.ZodType
            ? { "application/json": { schema: schemaOf(answer, "output") } }
            : { [answer.contentType]: {} },
      },
      default: {
        description: "What went wrong.",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } },
      },
    },
  };
}

function pathParameters(template: string): object[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodType): object[] {
  const { properties = {}, required = [] } = schemaOf(query, "input") as {
    readonly properties?: Readonly<Record<string, object>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: "any", io });
  return rest;
}
