/** Owns asking the gateway what a text says and what saving it would change, a moment after the last key. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import type { PolicyPlan, PolicyReading, PolicyScope } from '../../api/policies.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { vantage } from '../../live/vantage.ts';

type Planned = PolicyPlan['items'][number];
type Document = PolicyReading['documents'][number];

export type Fault = PolicyReading['faults'][number];

export type Judgement =
  | { readonly kind: 'asking' }
  /** The gateway could not be asked. */
  | { readonly kind: 'unknown'; readonly problem: Problem }
  | { readonly kind: 'faulty'; readonly faults: readonly Fault[] }
  | { readonly kind: 'planned'; readonly document: Document; readonly planned: Planned };

const quietMs = 250;
/** What is in force changes too, and who wrote what. */
const againMs = 5_000;

/** The last judgement, and whether it is of the text as it is now. */
export function useJudgement(
  text: string | undefined,
  scope: PolicyScope,
): { readonly judgement: Judgement; readonly isCurrent: boolean } {
  const from = vantage.value;
  const of = text === undefined ? undefined : `${from} ${scope} ${text}`;
  const [state, setState] = useState<{ of?: string; judgement: Judgement }>({
    judgement: { kind: 'asking' },
  });
  useEffect(() => {
    if (of === undefined || text === undefined) return;
    const aborter = new AbortController();
    let timer = setTimeout(ask, quietMs);
    async function ask(): Promise<void> {
      const judgement = await judged(text ?? '', scope, aborter.signal);
      if (aborter.signal.aborted) return;
      setState({ of: of ?? '', judgement });
      timer = setTimeout(ask, againMs);
    }
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [of]);
  return { judgement: state.judgement, isCurrent: of !== undefined && state.of === of };
}

async function judged(text: string, scope: PolicyScope, signal: AbortSignal): Promise<Judgement> {
  const ask = { method: 'POST', signal } as const;
  try {
    const read = await call<PolicyReading>('/v1/policies/read', { ...ask, body: { text } });
    const [document, another] = read.documents;
    if (read.faults.length > 0) return { kind: 'faulty', faults: read.faults };
    if (document === undefined || another !== undefined) {
      return { kind: 'faulty', faults: [another === undefined ? nothing : oneTooMany(another)] };
    }
    const { kind, namespace, name, spec } = document;
    if (document.scope !== undefined && document.scope !== scope) {
      return { kind: 'faulty', faults: [otherwise(document, scope)] };
    }
    const plan = await call<PolicyPlan>('/v1/policies/plan', {
      ...ask,
      body: { documents: [{ scope, kind, namespace, name, spec }] },
    });
    const [planned] = plan.items;
    if (planned === undefined) return { kind: 'faulty', faults: [nothing] };
    return { kind: 'planned', document, planned };
  } catch (thrown) {
    return { kind: 'unknown', problem: problemOf(thrown) };
  }
}

const nothing: Fault = {
  ...{ code: 'CONFIG_INVALID', line: 1, column: 1 },
  ...{ what: 'It says no policy', fix: 'Write one, as New policy begins it.' },
};

/** Where a policy is to hold is chosen beside its text. */
function otherwise({ line, column, scope: said }: Document, scope: PolicyScope): Fault {
  return {
    ...{ code: 'CONFIG_INVALID', line, column },
    what: `It says metadata.scope: ${said}, and is edited as one of the ${scope}`,
    fix: `Leave it out, or make it as a new policy of the ${said}.`,
  };
}

function oneTooMany({ line, column }: Document): Fault {
  return {
    ...{ code: 'CONFIG_INVALID', line, column },
    what: 'There is more than one policy',
    fix: 'Save them one by one, or apply a file of several with `isthmus apply -f`.',
  };
}
