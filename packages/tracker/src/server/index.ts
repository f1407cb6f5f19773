export { hashAccessKey, newAccessKey } from "./access-key.ts";
export { createServer, type ServerOptions } from "./create-server.ts";
export type { DatasetExtension, DatasetReference, Extensions, ModelExtension } from "./extensions.ts";
