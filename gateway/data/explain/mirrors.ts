/** Owns telling where copies of a request go, or why they do not: the policies of where a copy goes are asked as they are of requests. */
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { Exchange } from '../message/exchange.ts';
import { isAsked } from '../request/mirror.ts';
import { atAskedPort } from '../request/route/ports.ts';
import type { Route } from '../request/route/route-table.ts';
import { targetName } from '../request/route/rule.ts';
import type { Step } from '../request/step.ts';
import { stepsThere } from '../request/steps-there.ts';
import { type Branch, percent } from './branches.ts';
import type { Decision } from './decision.ts';
import type { ExplainGround } from './ground.ts';
import { explainWay } from './way.ts';

/** The steps that a service has for its requests, of a listener's `chain`. */
const slots: readonly string[] = ['authenticate', 'authorize', 'rate-limit'];

/** `branches`: where it may go by the rule that it fits. `chain`: the listener's. `asked`: the route that was asked for. */
export async function mirrorsTold(
  branches: readonly Pick<Branch, 'mirrors'>[],
  exchange: Exchange,
  asked: Route,
  chain: readonly Step[],
  ground: ExplainGround,
): Promise<readonly Decision[]> {
  const rule = exchange.passage?.fit?.rule;
  if (rule === undefined || exchange.head.tunnel !== undefined) return [];
  const there = stepsThere(...chain.filter(({ slot }) => slots.includes(slot)));
  const decisions: Decision[] = [];
  for (const mirror of [rule, ...branches].flatMap(({ mirrors }) => mirrors)) {
    const target = atAskedPort(mirror, asked.port);
    const name = targetName(target);
    const steps = isAsked(target, asked) ? there.ofSame : there.ofService;
    const why = await whyNone(target, steps);
    decisions.push({
      ...{ step: 'mirror', outcome: why === undefined ? 'acts' : 'noted', policy: rule.policy },
      says:
        why === undefined
          ? `${percent(mirror.share)} of such requests are copied to ${name}`
          : `no copy goes to ${name}: ${why}`,
    });
  }
  return decisions;

  async function whyNone(target: BackendTarget, steps: readonly Step[]) {
    const route = ground.rules.routes.backend?.(target);
    if (route === undefined) return 'nobody has it';
    const copy = { ...exchange, passage: exchange.passage?.copy() };
    const { decisions: said } = await explainWay(steps, copy, {}, ground.noted, route);
    return said.find(({ outcome }) => outcome === 'refused')?.says;
  }
}
