import type { Run } from "@atelier/tracker/model";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client.ts";
import { Tags } from "../../parts/tags.tsx";

/** Tags and notes of a run, which can be changed in place. */
export function RunNotes({ run }: { readonly run: Run }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState<{ readonly tags: string; readonly notes: string }>();
  const save = useMutation({
    mutationFn: (text: { readonly tags: string; readonly notes: string }) => {
      const tags = text.tags
        .split(",")
        .map((tag) => tag.trim())
        .filter((tag) => tag !== "");
      return api.call("updateRun", { parameters: { runId: run.id }, body: { tags, notes: text.notes } });
    },
    onSuccess: async () => {
      await client.invalidateQueries();
      setDraft(undefined);
    },
  });
  if (!draft) {
    return (
      <section className="row">
        {run.tags.length > 0 && <Tags tags={run.tags} />}
        {run.notes !== "" && <p style={{ flexBasis: "100%", whiteSpace: "pre-wrap" }}>{run.notes}</p>}
        <button
          type="button"
          className="small"
          onClick={() => setDraft({ tags: run.tags.join(", "), notes: run.notes })}
        >
          {run.tags.length === 0 && run.notes === "" ? "Add tags and notes" : "Edit"}
        </button>
      </section>
    );
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      <label className="stack">
        <span className="muted">Tags, separated by commas</span>
        <input value={draft.tags} onChange={({ target }) => setDraft({ ...draft, tags: target.value })} />
      </label>
      <label className="stack">
        <span className="muted">Notes</span>
        <textarea
          rows={4}
          value={draft.notes}
          onChange={({ target }) => setDraft({ ...draft, notes: target.value })}
        />
      </label>
      <span className="row">
        <button type="submit" className="primary" disabled={save.isPending}>
          Save
        </button>
        <button type="button" onClick={() => setDraft(undefined)}>
          Cancel
        </button>
        {save.error && <span role="alert">{save.error.message}</span>}
      </span>
    </form>
  );
}
