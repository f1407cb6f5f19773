/** Serves the store in a folder on a port, and says when it does. */
import { openServer } from "../../src/server/open-server.ts";
import { openStoreWorker } from "../../src/store/worker/open-store-worker.ts";

const [folder, port] = process.argv.slice(2) as [string, string];
const server = await openServer({
  store: await openStoreWorker(folder),
  port: Number(port),
  version: "0.0.0",
});
process.stdout.write(`${server.port}\n`);
