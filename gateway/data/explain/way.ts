/** Owns the way of a request that nobody sends through the steps of a listener, written out: they are asked themselves, one after another. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Exchange } from '../message/exchange.ts';
import type { SlotName } from '../request/life.ts';
import type { Route } from '../request/route/route-table.ts';
import { OwnAnswer, Refusal, type Said, type Step } from '../request/step.ts';
import type { Decision } from './decision.ts';

/** What a step has decided of, for who tells more of it than that. */
export interface Seen {
  readonly exchange: Exchange;
  readonly route: Route;
  /** The step's own words, where it refuses. */
  readonly refused: Decision | undefined;
}

/** Tells what a step went by; a refusal is told by the step itself where none of it is one. */
export type Teller = (seen: Seen) => readonly Decision[];

/** All of them tell, one after another. */
export function together(...tellers: readonly Teller[]): Teller {
  return (seen) => tellers.flatMap((tell) => tell(seen));
}

interface Way {
  readonly decisions: readonly Decision[];
  /** Where it goes on; absent where it ends here. */
  readonly route?: Route;
}

/** Notes what steps count. */
export class Noted {
  #list: { readonly policy: string; readonly outcome: string }[] = [];

  decided(policy: string, outcome: string): void {
    this.#list.push({ policy, outcome });
  }

  take(): readonly { readonly policy: string; readonly outcome: string }[] {
    const list = this.#list;
    this.#list = [];
    return list;
  }
}

/** What is counted of policies that only look, or are only tried. */
const looks: Readonly<Record<string, string>> = {
  audited: 'a rule of it fits: the request is counted',
  'would-deny': 'it is tried only: in force it would refuse the request',
  'would-limit': 'it is tried only: in force it would refuse the request',
};

/** `noted`: what the steps of `chain` count by. `found`: the route that was found before. */
export async function explainWay(
  chain: readonly Step[],
  exchange: Exchange,
  tellers: Partial<Record<SlotName, Teller>>,
  noted: Noted,
  found?: Route,
): Promise<Way> {
  const decisions: Decision[] = [];
  let route = found;
  for (let i = 0; i < chain.length; i++) {
    const step = chain[i] as Step;
    const { slot } = step;
    const said = await step.take(exchange, route);
    const end = endOf(slot, said);
    if (end === undefined) route = (said as Route | undefined) ?? route;
    const isLast = end !== undefined || chain[i + 1]?.slot !== slot;
    const refused = end?.outcome === 'refused' ? end : undefined;
    const told = route && isLast ? tellers[slot]?.({ exchange, route, refused }) : undefined;
    decisions.push(...(told ?? []).map((one) => withCode(one, end)));
    for (const { policy, outcome } of noted.take()) {
      const says = looks[outcome];
      if (says) decisions.push({ step: slot, outcome: 'noted', says, policy });
    }
    if (end === undefined) continue;
    if (!told?.some(({ outcome }) => outcome === end.outcome)) decisions.push(end);
    return { decisions };
  }
  return { decisions, ...(route && { route }) };
}

function withCode(one: Decision, end: Decision | undefined): Decision {
  return one.outcome === 'refused' && end ? { ...one, code: end.code } : one;
}

function endOf(step: SlotName, said: Said): Decision | undefined {
  if (said instanceof Refusal) return endOf(step, said.error);
  if (said instanceof IsthmusError) {
    return { step, outcome: 'refused', says: said.message, code: said.code };
  }
  if (said instanceof OwnAnswer) {
    return { step, outcome: 'answered', says: `the gateway answers itself, with ${said.status}` };
  }
  return undefined;
}
