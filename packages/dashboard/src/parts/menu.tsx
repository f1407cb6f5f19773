import { type ReactNode, useEffect, useRef } from "react";
import "./menu.css";

/** A button that opens a small panel below itself; Escape and a click elsewhere close it. */
export function Menu({
  label,
  title,
  className = "",
  children,
}: {
  readonly label: ReactNode;
  readonly title?: string;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const menu = place.current;
      if (!menu?.open) return;
      const isKey = event instanceof KeyboardEvent;
      if (isKey ? event.key !== "Escape" : menu.contains(event.target as Node)) return;
      menu.open = false;
      if (isKey) menu.querySelector("summary")?.focus();
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details ref={place} className={`menu ${className}`}>
      <summary className="button" title={title} aria-label={title}>
        {label}
      </summary>
      <div>{children}</div>
    </details>
  );
}
