/** Owns who may ask for what: other clusters for what this one exports, and whoever the policies of a service let. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { Exchange } from '../message/exchange.ts';
import { foreignDomainOf } from '../message/peer.ts';
import type { Recorder } from '../observe/record.ts';
import { refusing, wouldRefuse } from './authorize/decide.ts';
import { Facts, type Place } from './authorize/facts.ts';
import { isUnnamed } from './authorize/foreign.ts';
import type { Route } from './route/route-table.ts';
import type { Step } from './step.ts';

export const exportedOnly: Step = {
  slot: 'authorize',
  take({ peer }, route) {
    if (route === undefined) return undefined;
    const { service, exported, exportedTo } = route;
    if (!exported) {
      return new IsthmusError('NOT_EXPORTED', {
        what: `${service} is not exported by this cluster`,
      });
    }
    if (exportedTo === undefined) return undefined;
    if (peer.kind === 'gateway' && exportedTo.includes(peer.cluster)) return undefined;
    const who = peer.kind === 'gateway' ? `cluster ${peer.cluster}` : 'who asks';
    return new IsthmusError('NOT_EXPORTED', {
      what: `${service} is exported by this cluster to others than ${who}`,
    });
  },
};

export interface AuthorizeGround {
  readonly place: Place;
  readonly recorder: Pick<Recorder, 'decided'>;
  readonly log: Pick<Log, 'debug'>;
}

/** Asks the policies of the route's service. */
export function policiesAllow(ground: AuthorizeGround): Step {
  return {
    slot: 'authorize',
    take: (exchange, route) =>
      route === undefined ? undefined : authorize(exchange, route, ground),
  };
}

/**
 * Whether the policies of a route's service let a request go on; also for a service that it is led to instead of the one it asked for.
 * Who is refused is not told by which rule: the counters and the log say that.
 */
function authorize(
  exchange: Exchange,
  { service, port, governed }: Pick<Route, 'service' | 'port' | 'governed'>,
  { place, recorder, log }: AuthorizeGround,
): IsthmusError | undefined {
  const policies = governed?.authorization;
  if (
    policies === undefined &&
    foreignDomainOf(exchange.peer, exchange.head.fields) === undefined
  ) {
    return undefined;
  }
  const facts = new Facts(exchange, place, port);
  const told = (policy: string, outcome: 'denied' | 'audited' | 'would-deny') => {
    recorder.decided(policy, outcome);
    const { cluster, principals, remoteIp } = facts;
    log.debug(
      { policy, outcome, service, cluster, principals, client: remoteIp },
      'policy decided',
    );
  };
  for (const policy of policies?.audit?.all(facts) ?? []) told(policy, 'audited');
  const policy = policies && refusing(policies, facts);
  if (policy !== undefined) {
    told(policy, 'denied');
    return denied(service);
  }
  if (policies === undefined || isUnnamed(policies, facts)) {
    const { principals } = facts;
    log.debug(
      { service, principals },
      'no policy names the caller, who is of a foreign trust domain',
    );
    return denied(service);
  }
  if (policies.dryDeny === undefined && policies.dryAllow === undefined) return undefined;
  for (const tried of wouldRefuse(policies, facts)) told(tried, 'would-deny');
  return undefined;
}

/** Whether what is under way already is to be broken off by the policies as they are now. */
export function isToEnd(
  exchange: Exchange,
  { service, port, governed }: Pick<Route, 'service' | 'port' | 'governed'>,
  { place, recorder, log }: AuthorizeGround,
): IsthmusError | undefined {
  const closing = governed?.authorization?.closing;
  const policy = closing && refusing(closing, new Facts(exchange, place, port));
  if (policy === undefined) return undefined;
  recorder.decided(policy, 'closed');
  log.debug({ policy, service, outcome: 'closed' }, 'policy decided');
  return denied(service);
}

function denied(service: string): IsthmusError {
  return new IsthmusError('ACCESS_DENIED', { what: `You may not ask ${service} for this` });
}
