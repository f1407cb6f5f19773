import { compareSettings, type JsonObject } from "@atelier/tracker/model";
import { useState } from "react";
import { formatValue } from "./format.ts";
import { Empty } from "./states.tsx";

/** All leaves of a config, by their place in it; a search narrows them. */
export function ConfigTable({ config }: { readonly config: JsonObject }) {
  const [search, setSearch] = useState("");
  const settings = compareSettings([config]);
  if (settings.length === 0) return <Empty title="This run has no config" />;
  const found = settings.filter(({ path, owner, values: [value] }) =>
    `${path} ${owner ?? ""} ${formatValue(value)}`.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <>
      {settings.length > 12 && (
        <input
          type="search"
          placeholder={`Find among ${settings.length} settings`}
          aria-label="Find a setting"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      )}
      <table className="environment">
        <tbody>
          {found.map(({ path, owner, values: [value] }) => (
            <tr key={path}>
              <th scope="row" style={{ whiteSpace: "normal", width: "45%" }}>
                {path} {owner !== undefined && <small className="muted">{owner}</small>}
              </th>
              <td>{formatValue(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
