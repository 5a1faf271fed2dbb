/** Owns the matrix as a table: a row for each cluster that looks, a column for each that is looked at. */
import type { Matrix } from '../../../../gateway/control/api/answers.ts';
import { ms } from '../../format/number.ts';
import { OutcomeBadge, type Pair } from './outcome.tsx';

export function MatrixTable({
  matrix: { clusters, pairs },
  open,
  onOpen,
}: {
  readonly matrix: Matrix;
  readonly open: Pair | undefined;
  readonly onOpen: (key: string) => void;
}) {
  const found = new Map(pairs.map((pair) => [`${pair.from}.${pair.to}`, pair]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <figure class="table-scroll" aria-label="Matrix" tabIndex={0}>
      <table class="matrix">
        <caption class="visually-hidden">Matrix</caption>
        <thead>
          <tr>
            <th scope="col">From, to</th>
            {clusters.map((to) => (
              <th key={to} scope="col">
                {to}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {clusters.map((from) => (
            <tr key={from}>
              <th scope="row">{from}</th>
              {clusters.map((to) => {
                const pair = found.get(`${from}.${to}`);
                return (
                  <td key={to}>
                    {pair && (
                      <button
                        type="button"
                        class="matrix-cell"
                        aria-expanded={pair === open}
                        onClick={() => onOpen(`${from}.${to}`)}
                      >
                        <span class="visually-hidden">
                          {to}, seen from {from}:{' '}
                        </span>
                        <span class="chips">
                          <OutcomeBadge outcome={pair.outcome} />
                          {pair.rttMs !== undefined && <span class="num">{ms(pair.rttMs)}</span>}
                        </span>
                      </button>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
