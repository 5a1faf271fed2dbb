/** Owns the traffic view: the live service graph of all clusters, where what leaves home stands out. */
import type { GraphAnswer } from '../../../../answers.ts';
import { graph, services } from '../../live/store.ts';
import { CheckField, SelectField } from '../../ui/field.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { Twin, TwinSwitch } from '../../ui/twin.tsx';
import { useQuery } from '../../url/use-query.ts';
import { selectTraffic } from './select-traffic.ts';
import { TrafficGraph } from './traffic-graph.tsx';
import { TrafficTable } from './traffic-table.tsx';

export default function TrafficView() {
  const { values, set } = useQuery();
  const answer = graph.value;
  const onlySpill = values['only'] === 'spill';
  const shown = answer && selectTraffic(answer, values['service'], onlySpill);
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
          <SelectField
            label="Service"
            value={values['service'] ?? ''}
            onChange={(service) => set({ service })}
            options={[
              ['', 'All services'],
              ...services.list.map(({ service }): [string, string] => [service, service]),
            ]}
          />
          <CheckField
            label="Only spill-over"
            checked={onlySpill}
            onChange={(checked) => set({ only: checked ? 'spill' : undefined })}
          />
        </div>
        {shown ? <Shown graph={shown} /> : <Empty>Asking the gateway …</Empty>}
      </Panel>
    </Page>
  );
}

function Shown({ graph: shown }: { readonly graph: GraphAnswer }) {
  return (
    <Twin
      id="as"
      graph={() =>
        shown.nodes.length === 0 ? (
          <Empty>Nobody has asked for anything like that in the last minute.</Empty>
        ) : (
          <TrafficGraph graph={shown} />
        )
      }
      table={() => <TrafficTable graph={shown} />}
    />
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
