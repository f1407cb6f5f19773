/** `atelier login`: keeps the access key of a server. */
import { TrackerError } from "@atelier/tracker";
import { apiClient } from "@atelier/tracker/api";
import type { Command } from "commander";
import { debugOption, jsonOption } from "../arguments.ts";
import { type Effects, printResult } from "../effects.ts";
import { keepKey, serverUrl } from "../tracking/access-keys.ts";

export interface LoginOptions {
  readonly url: string;
  readonly json?: boolean;
}

export function declareLogin(program: Command, effects: Effects): void {
  program
    .command("login")
    .summary("keep the access key of a server, to record runs there")
    .description(
      "Asks for the access key of a server (`atelier serve` shows it), tries it, and keeps it in a file of your own, which " +
        "only you can read. With ATELIER_SERVER=URL, commands then work on the runs of that server.",
    )
    .argument("<url>", "address of the server, e.g. http://studio:6006")
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((url: string, options: Omit<LoginOptions, "url">) => login({ ...options, url }, effects));
}

export async function login(options: LoginOptions, effects: Effects): Promise<void> {
  const url = serverUrl(options.url);
  const key = effects.environment.key ?? (await effects.readSecret(`access key of ${url}: `));
  if (!(await apiClient({ url, key }).call("readSession")).isOpen) {
    throw new TrackerError("no-access", `${url}: this is not its access key.`);
  }
  const file = keepKey(effects.environment.configFolder, url, key);
  printResult(effects, options.json, { url, file }, `the key of ${url} is kept in ${file}`);
}
