import { useQuery } from "@tanstack/react-query";
import { apiQuery } from "../../api/client.ts";
import { formatAgo } from "../../parts/format.ts";
import { Menu } from "../../parts/menu.tsx";

const mostRuns = 8;
const listed = 100;

/** Chooses the runs to compare among the newest ones; others are selected in the table. */
export function RunPicker({
  scope: { entity, project },
  chosen,
  onChange,
}: {
  readonly scope: { readonly entity: string; readonly project: string };
  readonly chosen: readonly string[];
  readonly onChange: (runIds: readonly string[]) => void;
}) {
  const query = useQuery(
    apiQuery("listCells", { query: { entity, project, columns: ["createdAt"], limit: listed } }),
  );
  const rows = query.data?.rows ?? [];
  const toggle = (id: string) =>
    onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-mostRuns));
  return (
    <div className="row">
      <Menu label={chosen.length === 0 ? "Choose runs" : "Change runs"} className="wide">
        {rows.map(({ id, name, cells: [createdAt] }) => (
          <label key={id}>
            <input type="checkbox" checked={chosen.includes(id)} onChange={() => toggle(id)} />
            <span className="cut">{name}</span>
            <span className="muted small">{typeof createdAt === "number" && formatAgo(createdAt)}</span>
          </label>
        ))}
      </Menu>
      {chosen.length < 2 && (
        <span className="muted">Choose two or more, here or by selecting them in the table of runs.</span>
      )}
    </div>
  );
}
