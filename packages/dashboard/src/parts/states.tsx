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

/** How browsers say that a part of the page could not be loaded; they do not try a second time. */
const missingPart = /dynamically imported module|importing a module script|preload CSS/i;

/** What failed, in the server's words, and the way to try again. */
export function Failed({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const code = error instanceof TrackerError ? error.code : undefined;
  if (code === "no-access") return <AccessKeyForm />;
  const isPart = missingPart.test(error.message);
  const retry = isPart ? () => location.reload() : onRetry;
  return (
    <div className="state error" role="alert">
      {code === "unreachable" || isPart ? (
        <>
          <strong>The server does not answer</strong>
          <p>It may have been stopped. This starts it again:</p>
          <pre>npx atelier ui</pre>
        </>
      ) : (
        <>
          <strong>{isGone(error) ? "Not found" : "This did not work"}</strong>
          <p>{error.message}</p>
        </>
      )}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Whether what was asked for is there no more, or never was. */
export function isGone(error: Error | null): boolean {
  return error instanceof TrackerError && error.code === "not-found";
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
