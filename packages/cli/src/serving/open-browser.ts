/** A page in the person's own browser. */
import { spawn } from "node:child_process";

/** The program that opens addresses, by platform. */
const openers: { readonly [platform: string]: readonly string[] } = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
  linux: ["xdg-open"],
};

/** Opens an address; `onTrouble` is called where there is nothing to open it with. */
export function openBrowser(url: string, onTrouble: () => void): void {
  const [program, ...args] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(program!, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", onTrouble);
  child.unref();
}
