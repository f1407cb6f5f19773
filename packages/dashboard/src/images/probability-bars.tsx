import { formatPercent } from "@atelier/charts/text";

/** What a model thinks of one image: a bar a class, the most probable first. */
export function ProbabilityBars({
  probabilities,
  classNames,
  label,
  limit = 10,
}: {
  readonly probabilities: ArrayLike<number>;
  readonly classNames: readonly string[];
  /** The class that the image has by its label, if that is known. */
  readonly label?: number;
  readonly limit?: number;
}) {
  const order = Array.from(classNames.keys()).sort((a, b) => probabilities[b]! - probabilities[a]!);
  const shown = order.slice(0, limit);
  if (label !== undefined && !shown.includes(label)) shown.push(label);
  const kindOf = (at: number) => {
    if (at === label) return at === order[0] ? "right" : "label";
    return at === order[0] ? "predicted" : undefined;
  };
  const words = { right: "label, predicted", label: "label", predicted: "predicted" };
  return (
    <table className="probabilities">
      <caption className="visually-hidden">Probabilities</caption>
      <tbody>
        {shown.map((at) => {
          const kind = label === undefined ? (at === order[0] ? "right" : undefined) : kindOf(at);
          return (
            <tr key={classNames[at]} data-is={kind}>
              <th scope="row">{classNames[at]}</th>
              <td>
                <i style={{ width: `${100 * probabilities[at]!}%` }} />
              </td>
              <td className="number">{formatPercent(probabilities[at]!)}</td>
              {label !== undefined && <td className="mark">{kind && words[kind]}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
