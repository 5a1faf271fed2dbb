/** Owns the policies that a configuration holds: one for all services, and one for each that has its own. */
import { serviceName } from '../../../core/names.ts';
import { Policies, type PolicyResource } from '../../../policy/effective.ts';
import type { GatewayConfig } from './config.ts';

/** A service's own `balance` or `timeouts` replaces that of all services as a whole: nothing is mixed. */
export function policiesOf({ services, balance, timeouts }: GatewayConfig): Policies {
  const own = services.flatMap((service): PolicyResource[] => {
    if (service.balance === undefined && service.timeouts === undefined) return [];
    const name = serviceName(service.namespace, service.name);
    const spec = {
      ...(service.balance && { balance: service.balance }),
      ...(service.timeouts && { timeouts: service.timeouts }),
    };
    return [{ kind: 'TrafficPolicy', name, target: { service: name }, spec }];
  });
  const ofAll: PolicyResource = {
    kind: 'TrafficPolicy',
    name: 'default',
    target: {},
    spec: { balance, timeouts },
  };
  return new Policies([ofAll, ...own]);
}
