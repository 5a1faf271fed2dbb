/** Owns showing what would become of a request: each step with its outcome and policy, then each place that it may go to. */
import type { RequestExplanation } from '../../../../gateway/control/api/answers.ts';
import { viewPath } from '../../api/policies.ts';
import { percent } from '../../format/number.ts';
import { status } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import type { Tone } from '../../ui/tone.ts';
import { TierList } from '../shared/tier-list.tsx';

type Decision = RequestExplanation['decisions'][number];
type Backend = RequestExplanation['backends'][number];

export function RequestSteps({ told }: { readonly told: RequestExplanation }) {
  const { backends, caller, decisions, notes } = told;
  return (
    <>
      <Steps label={`At ${caller.cluster}`} decisions={decisions} />
      {backends.map((backend, i) => (
        <BackendSteps key={i} backend={backend} />
      ))}
      {notes.map((note) => (
        <p key={note} class="faint">
          {note}.
        </p>
      ))}
    </>
  );
}

function BackendSteps({ backend }: { readonly backend: Backend }) {
  const { service, cluster, subset, share, decisions, decision, serving } = backend;
  const labels = Object.entries(subset ?? {}).map(([label, value]) => `${label}=${value}`);
  const part = [...labels, ...(cluster === undefined ? [] : [`in ${cluster}`])].join(' ');
  return (
    <>
      <Steps
        label={`To ${service}${part === '' ? '' : ` ${part}`}, ${percent(share / 100)}`}
        decisions={decisions}
      />
      {decision && <TierList explanation={decision} />}
      {serving.map((other) => (
        <Steps key={other.cluster} label={`Then at ${other.cluster}`} decisions={other.decisions} />
      ))}
    </>
  );
}

const tones: Readonly<Record<Decision['outcome'], Tone>> = {
  passes: 'ok',
  refused: 'bad',
  answered: 'info',
  acts: 'info',
  noted: 'quiet',
  unknown: 'warn',
};

function Steps({
  label,
  decisions,
}: {
  readonly label: string;
  readonly decisions: readonly Decision[];
}) {
  return (
    <section class="stack" aria-label={label}>
      <h3>{label}</h3>
      <ol class="outcomes">
        {decisions.map((one, i) => (
          <li key={i}>
            <p>
              <strong>{one.step}</strong> <Badge tone={tones[one.outcome]}>{one.outcome}</Badge>
              {one.code !== undefined && <span class="mono"> {one.code}</span>}
            </p>
            <p>{one.says}</p>
            {one.policy !== undefined && (
              <p class="faint mono">
                <PolicyName decision={one} />
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Those of a configuration have no view, and those of another cluster none here. */
function PolicyName({ decision: { policy = '', of } }: { readonly decision: Decision }) {
  const [kind = '', namespace, name] = policy.split('/');
  const isHere = of === 'federation' || of === status.value?.cluster;
  if (namespace === undefined || name === undefined || !isHere) return <>{policy}</>;
  const scope = of === 'federation' ? 'federation' : 'cluster';
  return <a href={viewPath({ scope, kind, namespace, name })}>{policy}</a>;
}
