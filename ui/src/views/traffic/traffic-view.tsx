/** Owns the traffic view: the live service graph of all clusters, where what leaves home stands out. */
import type { GraphAnswer } from '../../../../gateway/control/api/answers.ts';
import { count, rate } from '../../format/number.ts';
import { clusters, graph } from '../../live/store.ts';
import { CheckField, SelectField } from '../../ui/field.tsx';
import { FilterBox } from '../../ui/filter-box.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { Twin, TwinSwitch } from '../../ui/twin.tsx';
import { useQuery } from '../../url/use-query.ts';
import { gatherings, mostTraffic, selectTraffic } from './select-traffic.ts';
import { TrafficGraph } from './traffic-graph.tsx';
import { edgeColumns } from './traffic-rows.ts';
import { TrafficTable } from './traffic-table.tsx';

/** Edges that the drawing has, unless more are asked for. */
const mostDrawn = '20';
const choices = ['10', mostDrawn, '50', 'all'] as const;

export default function TrafficView() {
  const { values, set } = useQuery();
  const answer = graph.value;
  const onlySpill = values['only'] === 'spill';
  const by = gatherings.find((one) => one === values['by']) ?? 'service';
  const asTable = values['as'] === 'table';
  const shown =
    answer &&
    selectTraffic(answer, {
      // The table has a filter of its own, with the same words.
      query: asTable ? '' : (values['q'] ?? ''),
      onlySpill,
      by,
      regionOf: (cluster) => clusters.get(cluster)?.region || cluster,
    });
  return (
    <Page
      title="Traffic"
      lead={
        answer
          ? `Who calls whom from where, over the last ${answer.windowSeconds} seconds.`
          : 'Who calls whom from where.'
      }
    >
      {answer && answer.missing.length > 0 && (
        <p class="note-warn">
          {answer.missing.join(', ')} did not answer: callers there are missing here.
        </p>
      )}
      <Panel
        id="graph"
        title="Service graph"
        actions={
          <>
            <Legend />
            <TwinSwitch id="as" label="Service graph as" />
          </>
        }
      >
        <div class="toolbar">
          {!asTable && (
            <FilterBox
              label="Filter: service graph"
              value={values['q'] ?? ''}
              columns={Object.keys(edgeColumns)}
              onChange={(q) => set({ q })}
            />
          )}
          <SelectField
            label="Gather by"
            value={by}
            onChange={(value) => set({ by: value === 'service' ? undefined : value })}
            options={gatherings.map((one) => [one, one])}
          />
          {!asTable && (
            <SelectField
              label="Draw the most"
              value={values['most'] ?? mostDrawn}
              onChange={(value) => set({ most: value === mostDrawn ? undefined : value })}
              options={choices.map((one) => [one, one])}
            />
          )}
          <CheckField
            label="Only spill-over"
            checked={onlySpill}
            onChange={(checked) => set({ only: checked ? 'spill' : undefined })}
          />
        </div>
        {shown ? (
          <Twin
            id="as"
            graph={() => <Drawn graph={shown} most={Number(values['most'] ?? mostDrawn)} />}
            table={() => <TrafficTable graph={shown} gathered={by !== 'service'} />}
          />
        ) : (
          <Empty>Asking the gateway …</Empty>
        )}
      </Panel>
    </Page>
  );
}

/** `most` that is no number means all. */
function Drawn({ graph: shown, most }: { readonly graph: GraphAnswer; readonly most: number }) {
  if (shown.nodes.length === 0) {
    return <Empty>Nobody has asked for anything like that in the last minute.</Empty>;
  }
  const { graph: drawn, rest } = mostTraffic(shown, most || Number.POSITIVE_INFINITY);
  return (
    <>
      <TrafficGraph graph={drawn} />
      {rest.edges > 0 && (
        <p class="hint">
          {count(rest.edges)} more, with {rate(rest.requestsPerSecond)}/s together, are not drawn:
          the table has all.
        </p>
      )}
    </>
  );
}

function Legend() {
  return (
    <ul class="legend">
      <li>
        <span class="swatch swatch-home" /> at home
      </li>
      <li>
        <span class="swatch swatch-spill" /> spill-over
      </li>
      <li>
        <span class="swatch swatch-bad" /> failing
      </li>
    </ul>
  );
}
