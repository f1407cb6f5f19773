import type { StoredFile } from "@atelier/tracker/model";
import { formatBytes } from "./format.ts";

/** Files with their sizes and checksums; each can be saved from where `addressOf` says it is. */
export function FileList({
  files,
  addressOf,
}: {
  readonly files: readonly StoredFile[];
  readonly addressOf: (file: StoredFile) => string;
}) {
  return (
    <div className="scroll-x">
      <table className="list">
        <thead>
          <tr>
            <th>file</th>
            <th className="number">size</th>
            <th>SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {files.map((file) => (
            <tr key={file.path}>
              <td>
                <a href={addressOf(file)} download={file.path.split("/").at(-1)}>
                  {file.path}
                </a>
              </td>
              <td className="number">{formatBytes(file.sizeBytes)}</td>
              <td className="mono muted" title={file.sha256}>
                {file.sha256.slice(0, 16)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
