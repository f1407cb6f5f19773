import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client.ts";

/** Asks for the server's access key; with it, the page begins again. */
export function AccessKeyForm() {
  const [key, setKey] = useState("");
  const open = useMutation({
    mutationFn: () => api.call("openSession", { body: { key } }),
    onSuccess: () => location.reload(),
  });
  return (
    <form
      className="state"
      onSubmit={(event) => {
        event.preventDefault();
        open.mutate();
      }}
    >
      <strong>This server wants its access key</strong>
      <p>It was shown once, when `atelier serve` was first run.</p>
      <span className="row">
        <input
          type="password"
          aria-label="Access key"
          autoComplete="current-password"
          value={key}
          onChange={({ target }) => setKey(target.value)}
        />
        <button type="submit" className="primary" disabled={key === "" || open.isPending}>
          Enter
        </button>
      </span>
      {open.error && <p role="alert">{open.error.message}</p>}
    </form>
  );
}
