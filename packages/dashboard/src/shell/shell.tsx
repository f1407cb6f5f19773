import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import "./shell.css";
import { SignOut } from "./sign-out.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

/** What every page stands in: the way back above it, the theme switch, the page itself. */
export function Shell({ children }: { readonly children: ReactNode }) {
  return <div className="shell">{children}</div>;
}

/** The bar at the top, and the name of the window; `crumbs` say where the page is, the last one being the page itself. */
export function TopBar({ crumbs }: { readonly crumbs: readonly ReactNode[] }) {
  const title = crumbs
    .filter((crumb) => typeof crumb === "string")
    .toReversed()
    .join(" · ");
  useEffect(() => {
    document.title = `${title} · Atelier`;
  }, [title]);
  return (
    <header>
      <a className="skip" href="#main">
        To the content
      </a>
      <Link to="/" className="wordmark" aria-label="Atelier, all projects">
        <svg viewBox="0 0 18 18" fill="none" stroke="currentColor" strokeWidth="2.2" aria-hidden="true">
          <path d="M2 14c4 0 3.5-9 7-9s3 6 7 6" strokeLinecap="round" />
        </svg>
        <span>Atelier</span>
      </Link>
      <nav aria-label="Where you are" className="cut">
        <ol className="crumbs">
          {crumbs.map((crumb, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a crumb is its place
            <li key={index} className="cut">
              {crumb}
            </li>
          ))}
        </ol>
      </nav>
      <div className="end">
        <SignOut />
        <ThemeSwitch />
      </div>
    </header>
  );
}
