import { expect, test } from "vitest";
import { consoleText } from "./console-text.ts";

test("colours, links and what was written over are gone", () => {
  expect(consoleText("\u001b[1;32mok\u001b[0m done")).toBe("ok done");
  expect(consoleText("\u001b]8;;https://a.b\u0007name\u001b]8;;\u0007")).toBe("name");
  expect(consoleText("epoch 1 10%\repoch 1 90%\repoch 1 done")).toBe("epoch 1 done");
  expect(consoleText("done\r")).toBe("done");
  expect(consoleText("")).toBe("");
});
