export { hashAccessKey, keyChecker, newAccessKey } from "./access-key.ts";
export type { DatasetExtension, DatasetReference, Extensions, ModelExtension } from "./extensions.ts";
export { type OpenServer, type OpenServerOptions, openServer } from "./open-server.ts";
