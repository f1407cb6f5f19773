import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client.ts";
import { Menu } from "../../parts/menu.tsx";

/** Tags and deletes runs. */
export function SelectionActions({
  runIds,
  onChanged,
  onDeleted,
}: {
  readonly runIds: readonly string[];
  readonly onChanged: () => void;
  readonly onDeleted: () => void;
}) {
  const [tag, setTag] = useState("");
  const [isSure, setIsSure] = useState(false);
  const tagAll = useMutation({
    mutationFn: async (change: (tags: readonly string[]) => readonly string[]) => {
      for (const runId of runIds) {
        const { tags } = await api.call("getRun", { parameters: { runId } });
        await api.call("updateRun", { parameters: { runId }, body: { tags: change(tags) } });
      }
    },
    onSuccess: onChanged,
  });
  const deleteAll = useMutation({
    mutationFn: async () => {
      for (const runId of runIds) await api.call("deleteRun", { parameters: { runId } });
    },
    onSuccess: () => {
      onDeleted();
      onChanged();
    },
  });
  const problem = tagAll.error ?? deleteAll.error;
  return (
    <>
      <Menu label="Tag">
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (tag.trim() !== "") tagAll.mutate((tags) => [...new Set([...tags, tag.trim()])]);
          }}
        >
          <input
            aria-label="Tag"
            placeholder="tag"
            value={tag}
            onChange={({ target }) => setTag(target.value)}
          />
          <button type="submit">Add</button>
          <button
            type="button"
            onClick={() => tagAll.mutate((tags) => tags.filter((other) => other !== tag.trim()))}
          >
            Remove
          </button>
        </form>
      </Menu>
      <button
        type="button"
        onBlur={() => setIsSure(false)}
        onClick={() => (isSure ? deleteAll.mutate() : setIsSure(true))}
      >
        {deleteAll.isPending ? "Deleting …" : isSure ? `Really delete ${runIds.length}?` : "Delete"}
      </button>
      {problem && <span role="alert">{problem.message}</span>}
    </>
  );
}
