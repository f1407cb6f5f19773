import { configLeaves, type Json, type JsonObject } from "@atelier/tracker/model";
import { useState } from "react";
import { formatValue } from "./format.ts";
import { Empty } from "./states.tsx";

/** All leaves of a config, by their place in it; a search narrows them. */
export function ConfigTable({ config }: { readonly config: JsonObject }) {
  const [search, setSearch] = useState("");
  const leaves = configLeaves(config);
  if (leaves.length === 0) return <Empty title="This run has no config" />;
  const found = leaves.filter(([path, value]) =>
    `${path} ${formatValue(value)}`.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <>
      {leaves.length > 12 && (
        <input
          type="search"
          placeholder={`Find among ${leaves.length} settings`}
          aria-label="Find a setting"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      )}
      <table className="environment">
        <tbody>
          {found.map(([path, value]: readonly [string, Json]) => (
            <tr key={path}>
              <th scope="row" style={{ whiteSpace: "normal", width: "45%" }}>
                {path}
              </th>
              <td>{formatValue(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
