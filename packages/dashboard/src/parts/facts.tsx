import "./facts.css";

/** One number or word that a page is about. */
export interface FactEntry {
  readonly name: string;
  readonly value: string;
  /** A few words below it. */
  readonly note?: string | undefined;
}

/** Facts side by side. */
export function Facts({ facts }: { readonly facts: readonly FactEntry[] }) {
  return (
    <dl className="facts">
      {facts.map(({ name, value, note }) => (
        <div key={name}>
          <dt className="cut" title={name}>
            {name}
          </dt>
          <dd>{value}</dd>
          {note !== undefined && <dd className="note">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
