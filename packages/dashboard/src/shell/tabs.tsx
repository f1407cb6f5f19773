import { useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";

/** Links to pages that belong together; the one of the page shown is brought into view where they do not fit. */
export function Tabs({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const place = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path says which link is the current one
  useEffect(() => {
    place.current
      ?.querySelector('[aria-current="page"]')
      ?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path]);
  return (
    <nav className="tabs" aria-label={label} ref={place}>
      {children}
    </nav>
  );
}
