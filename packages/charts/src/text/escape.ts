const escapes: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes any string safe as text or attribute value in SVG and HTML; what XML forbids becomes U+FFFD. */
export function escapeText(text: string): string {
  return replaceForbidden(text).replace(/[&<>"']/g, (character) => escapes[character]!);
}

/** Replaces lone surrogates and the control characters that no XML document may hold. */
export function replaceForbidden(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
