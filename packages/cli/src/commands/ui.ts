/** `atelier ui`: the dashboard, for this machine. */
import { type Command, Option } from "commander";
import { debugOption, jsonOption, portOption } from "../arguments.ts";
import { type Effects, say } from "../effects.ts";
import { openBrowser } from "../serving/open-browser.ts";
import { serveStore } from "../serving/serve-store.ts";

export interface UiOptions {
  readonly port?: number;
  readonly open?: boolean;
  readonly json?: boolean;
}

export function declareUi(program: Command, effects: Effects): void {
  program
    .command("ui")
    .summary("open the dashboard: runs live, charts, mistakes, data, try a model")
    .description(
      "Serves the dashboard and the API over the runs recorded in .atelier of this folder, for this machine only and " +
        "without a key. Runs that are training appear as they go. `atelier serve` is for others.",
    )
    .addOption(portOption())
    .addOption(new Option("--open", "open it in the browser"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((options: UiOptions) => ui(options, effects));
}

export function ui({ port, open, json }: UiOptions, effects: Effects): Promise<void> {
  const onOpen = (url: string) => {
    if (open) openBrowser(url, () => say(effects, "there is no browser to open it with."));
  };
  return serveStore({ port, json, onOpen }, effects);
}
