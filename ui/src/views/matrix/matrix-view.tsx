/** Owns the view of the matrix: how each cluster sees each other one, a cell of which opens to what was found. */
import { useState } from 'preact/hooks';
import type { Matrix } from '../../../../gateway/control/api/answers.ts';
import { call } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { vantage } from '../../live/vantage.ts';
import { ActButton } from '../../ui/act-button.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Time } from '../../ui/time.tsx';
import { useQuery } from '../../url/use-query.ts';
import { MatrixTable } from './matrix-table.tsx';
import { PairDetails } from './pair-details.tsx';

/** Gateways look on a schedule of a minute by default: more often there is nothing new. */
const everyMs = 15_000;

export default function MatrixView() {
  const fetched = useFetched<Matrix>('/v1/verify', everyMs);
  const [looked, setLooked] = useState<{ readonly from: unknown; readonly matrix: Matrix }>();
  const look = useAction(async () => {
    const from = vantage.value;
    const matrix = await call<Matrix>('/v1/verify', { method: 'POST', body: {} });
    setLooked({ from, matrix });
  });
  const matrix = latest(fetched.value, looked?.from === vantage.value ? looked?.matrix : undefined);
  const { values, set } = useQuery();
  const pair = matrix?.pairs.find(({ from, to }) => `${from}.${to}` === values['pair']);
  return (
    <Page
      title="Matrix"
      lead="Each cluster as each other one sees it: whether it is reached, believed, in step, and serves."
      actions={
        <ActButton
          needs="operator"
          look="primary"
          disabled={look.busy}
          onClick={() => void look.run()}
        >
          {look.busy ? 'Looking …' : 'Look now'}
        </ActButton>
      }
    >
      <ProblemNote problem={look.problem ?? fetched.problem} />
      {matrix === undefined && fetched.loading && <Empty>Asking the gateways …</Empty>}
      {matrix !== undefined && matrix.pairs.length === 0 && (
        <Empty>There is no other cluster.</Empty>
      )}
      {matrix !== undefined && matrix.pairs.length > 0 && (
        <>
          <p class="faint">
            Put together by {matrix.by} <Time at={matrix.at} />
            {matrix.unheard.length > 0 && `; not heard: ${matrix.unheard.join(', ')}`}
          </p>
          <MatrixTable matrix={matrix} open={pair} onOpen={(key) => set({ pair: key })} />
        </>
      )}
      {pair && (
        <Panel id="pair" title={`${pair.to}, seen from ${pair.from}`}>
          <PairDetails pair={pair} />
        </Panel>
      )}
    </Page>
  );
}

function latest(one: Matrix | undefined, other: Matrix | undefined): Matrix | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.at > other.at ? one : other;
}
