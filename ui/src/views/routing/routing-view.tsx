/** Owns the routing view: where requests go and why, and where they would go if. */
import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { clusters, services, status } from '../../live/store.ts';
import { SelectField } from '../../ui/field.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Twin, TwinSwitch } from '../../ui/twin.tsx';
import { useQuery } from '../../url/use-query.ts';
import { TierList } from '../shared/tier-list.tsx';
import { CandidateTable } from './candidate-table.tsx';
import { PolicyFacts } from './policy-facts.tsx';
import { imagine, parseHealth } from './what-if.ts';
import { WhatIf } from './what-if-panel.tsx';

export default function RoutingView() {
  const { values, set } = useQuery();
  const service = values['service'] ?? services.list[0]?.service;
  const from = values['from'] ?? status.value?.cluster ?? '';
  const without = (values['without'] ?? '').split(',').filter(Boolean);
  const health = parseHealth(values['health']);
  const { value, problem } = useFetched<ExplainAnswer>(pathFor(service, values), 1_500);
  const shown = value?.service === service ? value : undefined;
  const imagined = shown && health.size > 0 ? imagine(shown, health) : undefined;
  return (
    <Page
      title="Routing"
      lead="Where a request goes and why, by the same code that decides it; and where it would go if things were otherwise."
    >
      <div class="routing-layout">
        <div class="stack">
          <Panel id="question" title="Question">
            <div class="form">
              <SelectField
                label="Requests for"
                value={service ?? ''}
                onChange={(next) => set({ service: next })}
                options={services.list.map(({ service: name }) => [name, name])}
              />
              <SelectField
                label="Asked in"
                value={from}
                onChange={(next) => set({ from: next })}
                options={clusters.list.flatMap(placesOf)}
              />
            </div>
          </Panel>
          <WhatIf
            clusters={clusters.list}
            without={without}
            health={health}
            explanation={shown}
            onChange={(patch) => set(patch)}
          />
          {shown && (
            <Panel id="policy" title="Policy">
              <PolicyFacts policy={shown.policy} />
            </Panel>
          )}
        </div>
        <Panel
          id="decision"
          title={imagined || without.length > 0 ? 'It would go' : 'It goes'}
          lead={lead(shown, without, health)}
          actions={<TwinSwitch id="as" label="Decision as" />}
        >
          <ProblemNote problem={problem} />
          {shown?.notes.map((note) => (
            <p key={note} class="note-warn">
              {note}
            </p>
          ))}
          {shown ? (
            <Twin
              id="as"
              graph={() => <TierList explanation={shown} imagined={imagined} />}
              table={() => <CandidateTable explanation={shown} imagined={imagined} />}
            />
          ) : (
            !problem && <Empty>Asking the gateway …</Empty>
          )}
        </Panel>
      </div>
    </Page>
  );
}

function pathFor(
  service: string | undefined,
  { from, without }: Readonly<Record<string, string>>,
): string | undefined {
  if (service === undefined) return undefined;
  const query = new URLSearchParams({ ...(from && { from }), ...(without && { without }) });
  return `/v1/explain/${encodeURIComponent(service)}${query.size > 0 ? `?${query}` : ''}`;
}

function placesOf({
  cluster,
  zones,
}: {
  readonly cluster: string;
  readonly zones: readonly string[];
}): [string, string][] {
  return [
    [cluster, cluster],
    ...zones.map((zone): [string, string] => [`${cluster}/${zone}`, `${cluster}, zone ${zone}`]),
  ];
}

function lead(
  explanation: ExplainAnswer | undefined,
  without: readonly string[],
  health: ReadonlyMap<string, number>,
): string {
  const caller = explanation?.caller;
  const conditions = [
    ...(without.length > 0 ? [`without ${without.join(' and ')}`] : []),
    ...[...health].map(([cluster, percent]) => `with ${cluster} ${percent} % healthy`),
  ];
  const place = caller ? `From ${caller.cluster}, zone ${caller.zone}` : 'From here';
  return [place, ...conditions].join(', ');
}
