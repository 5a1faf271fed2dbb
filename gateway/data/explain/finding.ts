/** Owns telling where a request is led, and in what form it is decided by. */
import { hostIn } from '../../../core/uri-authority.ts';
import type { Policies, PolicyResource } from '../../../policy/effective.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Route } from '../request/route/route-table.ts';
import type { Decision } from './decision.ts';
import type { MadeUp } from './made-up.ts';
import { tellRules } from './matching.ts';
import type { Teller } from './way.ts';

/** `made`: as it was written. */
export function tellReading(made: MadeUp, { head }: Exchange): readonly Decision[] {
  const receive: Decision = {
    step: 'receive',
    outcome: 'passes',
    says: 'the head can be read; how much the gateway has to do is not looked at',
  };
  const path = head.path === made.target || head.path === '' ? 'as it is' : `as ${head.path}`;
  const says = `the path is decided by and sent on ${path}`;
  return [receive, { step: 'normalize', outcome: 'passes', says }];
}

export function tellRoute(policies: Policies): Teller {
  return ({ exchange, route, refused }) => {
    const rules = tellRules(exchange, route, refused !== undefined);
    return [...tellService(policies, exchange, route), ...rules];
  };
}

function tellService(
  policies: Policies,
  { head }: Exchange,
  { governed, service, port, isHost }: Route,
): readonly Decision[] {
  const step = 'route';
  if (isHost) {
    const says = `${hostIn(head.authority)} is no service: Routes have it`;
    return [{ step, outcome: 'passes', says }];
  }
  const outside = governed?.by.find(({ kind }) => kind === 'Egress');
  if (outside !== undefined) {
    const says = `${hostIn(head.authority)} is a host outside that may be reached, the service ${service}`;
    return [{ step, outcome: 'passes', says, policy: outside.name }];
  }
  const alias = aliasOf(policies, service, head.authority);
  const what = port !== undefined ? `port ${port} of` : alias ? 'another name of' : '';
  const says = `${hostIn(head.authority)} is ${what} the service ${service}`;
  return [
    {
      ...{ step, outcome: 'passes', says: says.replaceAll('  ', ' ') },
      ...(alias && { policy: alias.name }),
    },
  ];
}

/** The policy by which a service has a host that is not its own. */
function aliasOf(
  policies: Policies,
  service: string,
  authority: string,
): PolicyResource | undefined {
  const hosts = [authority.toLowerCase(), hostIn(authority)];
  return Iterator.from(policies).find(
    ({ kind, target, spec }) =>
      target.service === service &&
      kind === 'ServiceDefaults' &&
      'aliases' in spec &&
      (spec.aliases?.some((host) => hosts.includes(host)) ?? false),
  );
}
