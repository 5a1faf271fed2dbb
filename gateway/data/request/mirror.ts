/** Owns which requests are copied to another service: the copies are sent once the request itself is. */
import type { Random } from '../../../core/clock.ts';
import type { Mirrored, Passage } from '../message/passage.ts';
import { atAskedPort } from './route/ports.ts';
import type { Route } from './route/route-table.ts';
import type { Rule } from './route/rule.ts';
import type { Step } from './step.ts';

export function mirror(random: Random): Step {
  return {
    slot: 'mirror',
    take({ passage, head }, route) {
      const rule = passage?.fit?.rule;
      if (passage === undefined || rule === undefined || rule.mirrors.length === 0)
        return undefined;
      // What follows an upgrade is no request that could be copied.
      if (head.tunnel === undefined) passage.mirrors = drawn(rule, passage, route, random);
      return undefined;
    },
  };
}

/** The mirrors whose turn it is. `asked`: the route that was asked for. */
export function drawn(
  { policy, mirrors }: Pick<Rule, 'policy' | 'mirrors'>,
  passage: Passage,
  asked: Asked | undefined,
  random: Random,
): Mirrored[] {
  return mirrors
    .filter(({ share }) => share >= 1 || random() < share)
    .map((target) => ({
      ...{ policy, target: atAskedPort(target, asked?.port) },
      ...{ isSame: isAsked(target, asked), passage: passage.copy() },
    }));
}

type Asked = Pick<Route, 'service' | 'port' | 'isHost'>;

/** A host that Routes have bears the name of one, which may be that of a service. */
export function isAsked(
  { service }: { readonly service: string },
  asked: Asked | undefined,
): boolean {
  return service === asked?.service && !asked.isHost;
}
