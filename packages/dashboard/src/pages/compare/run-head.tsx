import { seriesColour, themes } from "@atelier/charts/theme";
import type { Run } from "@atelier/tracker/model";
import { Link } from "@tanstack/react-router";
import { RunStateMark } from "../../parts/run-state.tsx";
import { useTheme } from "../../shell/theme.ts";

/** The name of a run at the head of its column. */
export function RunHead({ run, index }: { readonly run: Run; readonly index: number }) {
  const theme = themes[useTheme()];
  return (
    <span className="run-head">
      <i style={{ background: seriesColour(theme, index) }} />
      <Link to="/runs/$runId" params={{ runId: run.id }}>
        {run.name}
      </Link>
      <RunStateMark state={run.state} />
    </span>
  );
}
