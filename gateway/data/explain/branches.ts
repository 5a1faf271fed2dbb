/** Owns where a request may go by the rule that it fits: what happens to it on purpose, its copies, and each backend with its share. */
import { writtenDuration } from '../../../core/written-duration.ts';
import type { BackendTarget, RouteMirror } from '../../../policy/route/rule.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Passage } from '../message/passage.ts';
import type { SlotName } from '../request/life.ts';
import { headerFits } from '../request/route/match.ts';
import { atAskedPort, type PartTarget } from '../request/route/ports.ts';
import type { Route } from '../request/route/route-table.ts';
import { type Rule, targetName } from '../request/route/rule.ts';
import type { Step } from '../request/step.ts';
import type { Decision } from './decision.ts';
import { type ExplainGround, rarely } from './ground.ts';
import { changesOf } from './matching.ts';
import { explainWay, type Teller } from './way.ts';

/** One of the places that a request may go to, as the rule says. */
export interface Branch {
  readonly target: PartTarget;
  /** Percent of such requests. */
  readonly share: number;
  readonly decisions: readonly Decision[];
  /** Where copies go of what goes there, beside those of the rule. */
  readonly mirrors: readonly RouteMirror[];
  /** Absent where it ends here. */
  readonly route?: Route;
  readonly passage: Passage | undefined;
}

/** `split`: the step that chooses. `tellers`: of what it asks for another service than that which was asked for. */
export async function branchesOf(
  split: Step,
  exchange: Exchange,
  route: Route,
  ground: ExplainGround,
  tellers: Partial<Record<SlotName, Teller>>,
): Promise<readonly Branch[]> {
  const rule = exchange.passage?.fit?.rule;
  const total = rule?.totalWeight ?? 0;
  const isOne = !rule?.backends || total === 0 || rule.direct || rule.redirect;
  const targets = isOne
    ? [{ target: { service: route.service }, weight: 1, mirrors: [] }]
    : (rule?.backends ?? []).filter(({ weight }) => weight > 0);
  const portThere = ({ port }: BackendTarget) => (typeof port === 'number' ? undefined : port);
  const branches: Branch[] = [];
  let before = 0;
  for (const { target: written, weight, mirrors } of targets) {
    const part = isOne ? 1 : weight / total;
    ground.draw = before + part / 2;
    before += part;
    const own = { ...exchange, passage: exchange.passage && continued(exchange.passage) };
    const way = await explainWay([split], own, {}, ground.noted, route);
    const asked = atAskedPort(written, route.port);
    const chosen = ground.rules.routes.backend?.(asked);
    const { port: _, ...rest } = asked;
    const port = chosen === undefined ? portThere(asked) : chosen.port;
    const target = { ...rest, ...(port !== undefined && { port }) };
    const others = chosen
      ? slotsThere(chosen, route).flatMap(
          (slot) => tellers[slot]?.({ exchange: own, route: chosen, refused: undefined }) ?? [],
        )
      : [];
    const changes = own.passage && !isOne ? changesOf(own.passage) : [];
    const says = [`${percent(part)} of such requests go to ${targetName(target)}`, ...changes];
    const to: Decision = { step: 'split', outcome: 'acts', says: says.join('; '), ...by(rule) };
    const ends = way.decisions.map((one) => ({ ...by(rule), ...one }));
    branches.push({
      ...{ target, share: part * 100, passage: own.passage, mirrors },
      decisions: [...(isOne ? [] : [to]), ...others, ...ends],
      ...(way.route && { route: way.route }),
    });
  }
  ground.draw = rarely;
  return branches;
}

/** The steps that are asked again of where a rule leads. */
function slotsThere(chosen: Route, asked: Route): readonly SlotName[] {
  if (asked.isHost || chosen.service !== asked.service)
    return ['authenticate', 'authorize', 'rate-limit'];
  return chosen.port === asked.port ? [] : ['authenticate', 'authorize'];
}

function by(rule: Rule | undefined) {
  return rule === undefined ? {} : { policy: rule.policy };
}

function continued(passage: Passage): Passage {
  const copy = passage.copy();
  copy.fit = passage.fit;
  copy.token = passage.token;
  if (passage.response !== undefined) copy.editResponse(passage.response);
  return copy;
}

/** What the rule has go wrong on purpose. */
export function tellFault({
  exchange: { head, passage },
}: Pick<FaultSeen, 'exchange'>): readonly Decision[] {
  const rule = passage?.fit?.rule;
  const { delay, abort } = rule?.fault ?? {};
  const all = [
    delay && { befalls: delay, what: `held for ${writtenDuration(delay.ms)}` },
    abort && { befalls: abort, what: `answered with ${statusOf(abort)} in its service's place` },
  ];
  return all.flatMap((one): Decision[] => {
    if (!one || !rule) return [];
    const { share, header } = one.befalls;
    if (header !== undefined && !headerFits(header)(head)) {
      const says = `it is not ${one.what}: that is for the field ${header.name} of another value`;
      return [{ step: 'fault', outcome: 'passes', says, policy: rule.policy }];
    }
    const says = `${percent(share)} of such requests are ${one.what}`;
    return [{ step: 'fault', outcome: 'acts', says, policy: rule.policy }];
  });
}

interface FaultSeen {
  readonly exchange: Exchange;
}

function statusOf({ httpStatus, grpcStatus }: NonNullable<NonNullable<Rule['fault']>['abort']>) {
  return httpStatus ?? `gRPC status ${grpcStatus}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
