import { expect, test } from "vitest";
import { escapeText } from "./escape.ts";

test("markup and quotes become text", () => {
  expect(escapeText(`<a b="c" d='e'> & 👗`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt; &amp; 👗");
});

test("what XML forbids is replaced, line breaks stay", () => {
  expect(escapeText("a\u0000b\u001bc\ud800d\te\n")).toBe("a\ufffdb\ufffdc\ufffdd\te\n");
});
