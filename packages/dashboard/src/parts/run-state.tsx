import type { RunState } from "@atelier/tracker/model";
import "./run-state.css";

/** The state of a run as a mark; its word is in the tooltip and for screen readers. */
export function RunStateMark({ state }: { readonly state: RunState }) {
  return <span className="run-state" data-state={state} role="img" aria-label={state} title={state} />;
}
