/** Owns showing what saving a policy would make of the requests of the last minutes: how many would end otherwise, and what each cluster would be asked. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import type { PolicyEffect, PolicyId } from '../../api/policies.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { count, percent, rate } from '../../format/number.ts';
import { vantage } from '../../live/vantage.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import type { Tone } from '../../ui/tone.ts';

interface EffectPanelProps {
  /** What would be saved; undefined while that is nothing that could be. */
  readonly document: (PolicyId & { readonly spec: object }) | undefined;
}

type State =
  | { readonly kind: 'asking' }
  | { readonly kind: 'unknown'; readonly problem: Problem }
  | { readonly kind: 'told'; readonly effect: PolicyEffect };

export function EffectPanel({ document }: EffectPanelProps) {
  const state = useEffectOf(document);
  return (
    <Panel
      id="requests"
      title="What becomes of requests"
      lead="Those of the last minutes that this gateway remembers, asked about again."
    >
      <div class="stack" aria-live="polite" aria-busy={state.kind === 'asking'}>
        {document === undefined ? (
          <p class="faint">Told once there is something to save.</p>
        ) : (
          <Told state={state} />
        )}
      </div>
    </Panel>
  );
}

/** It costs the gateway more than reading a text does. */
const quietMs = 600;

function useEffectOf(document: EffectPanelProps['document']): State {
  const [state, setState] = useState<State>({ kind: 'asking' });
  const asked =
    document &&
    JSON.stringify({
      documents: [
        {
          ...{ scope: document.scope, kind: document.kind, namespace: document.namespace },
          ...{ name: document.name, spec: document.spec },
        },
      ],
    });
  useEffect(() => {
    setState({ kind: 'asking' });
    if (asked === undefined) return;
    const aborter = new AbortController();
    const timer = setTimeout(async () => {
      const next = await effectOf(asked, aborter.signal);
      if (!aborter.signal.aborted) setState(next);
    }, quietMs);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [asked, vantage.value]);
  return state;
}

async function effectOf(asked: string, signal: AbortSignal): Promise<State> {
  try {
    const body: unknown = JSON.parse(asked);
    const ask = { method: 'POST', body, signal } as const;
    return { kind: 'told', effect: await call<PolicyEffect>('/v1/policies/effect', ask) };
  } catch (thrown) {
    return { kind: 'unknown', problem: problemOf(thrown) };
  }
}

function Told({ state }: { readonly state: State }) {
  if (state.kind === 'asking') return <p class="faint">Asking the gateway …</p>;
  if (state.kind === 'unknown') return <ProblemNote problem={state.problem} />;
  const { changed, changes, clusters, notes, requests, sampled } = state.effect;
  const whole = requests > sampled ? `, which stand for about ${count(requests)}` : '';
  return (
    <>
      {sampled > 0 && (
        <p>
          Of {count(sampled)} requests{whole},{' '}
          <strong>{changes.length === 0 ? 'none' : percent(changed)}</strong> would end otherwise.
        </p>
      )}
      {changes.length > 0 && (
        <ul class="outcomes">
          {changes.map((change) => (
            <ChangeItem key={`${change.from.says} ${change.to.says}`} change={change} />
          ))}
        </ul>
      )}
      {changes.length > 0 && clusters.length > 0 && (
        <ul class="outcomes" aria-label="What each cluster would be asked">
          {clusters.map((one) => (
            <LoadItem key={one.cluster} load={one} />
          ))}
        </ul>
      )}
      {notes.map((note) => (
        <p key={note} class="faint">
          {note}.
        </p>
      ))}
    </>
  );
}

const tones: Readonly<Record<Change['kind'], Tone>> = {
  elsewhere: 'spill',
  refused: 'bad',
  limited: 'warn',
  answered: 'info',
  served: 'ok',
  unknown: 'warn',
};

type Change = PolicyEffect['changes'][number];

function ChangeItem({ change: { kind, share, sampled, from, to } }: { readonly change: Change }) {
  return (
    <li>
      <p>
        <Badge tone={tones[kind]}>{kind}</Badge> <strong>{percent(share)}</strong>{' '}
        <span class="faint">{count(sampled)} remembered</span>
      </p>
      <p>
        {from.says} → {to.says}
        {to.code !== undefined && <span class="mono"> {to.code}</span>}
      </p>
      {to.policy !== undefined && <p class="faint mono">{to.policy}</p>}
    </li>
  );
}

type Load = PolicyEffect['clusters'][number];

function LoadItem({ load: { cluster, before, after, capacity } }: { readonly load: Load }) {
  const isOver = capacity !== undefined && after > capacity;
  return (
    <li>
      <p>
        <strong>{cluster}</strong> {rate(before)} → {rate(after)} requests a second
      </p>
      {capacity === undefined ? (
        <p class="faint">It states no capacity.</p>
      ) : (
        <p class={isOver ? 'text-warn' : 'faint'}>
          {percent(after / capacity)} of its capacity, now {percent(before / capacity)}
        </p>
      )}
    </li>
  );
}
