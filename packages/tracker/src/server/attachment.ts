/** A Content-Disposition that saves under a name (RFC 6266): any text, of which nothing but the name itself reaches the header. */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^\w .()-]/g, "_").slice(0, 200);
  const full = encodeURIComponent(name.slice(0, 200).toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`;
}
