/** What stands where there is nothing to show: not yet, not at all, or because something failed. */

import { TrackerError } from "@atelier/tracker/model";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { AccessKeyForm } from "./access-key-form.tsx";
import "./states.css";

/** Nothing is there; `children` say how something gets there. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Says that something is on its way; shown only where that takes longer than a blink. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div className="state waiting" role="status">
      Loading {what} …
    </div>
  );
}

/** What failed, in the server's words, and the way to try again. */
export function Failed({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const code = error instanceof TrackerError ? error.code : undefined;
  if (code === "no-access") return <AccessKeyForm />;
  return (
    <div className="state error" role="alert">
      {code === "unreachable" ? (
        <>
          <strong>The server does not answer</strong>
          <p>It may have been stopped. This starts it again:</p>
          <pre>npx atelier ui</pre>
        </>
      ) : (
        <>
          <strong>{code === "not-found" ? "Not found" : "This did not work"}</strong>
          <p>{error.message}</p>
        </>
      )}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** The answer of a query once it is there; before, the state it is in. */
export function Answer<T>({
  query,
  what,
  children,
}: {
  readonly query: Pick<UseQueryResult<T>, "data" | "error" | "refetch">;
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading what={what} />;
}
