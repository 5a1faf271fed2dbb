/** Owns the policies that a configuration holds: one for all services, and those of services that say something of their own. */
import { serviceName } from '../../../core/names.ts';
import { Policies, type PolicyResource } from '../../../policy/effective.ts';
import { defaultProtocol } from '../../../registry/protocols.ts';
import type { GatewayConfig } from './config.ts';

/** A service's own `balance` or `timeouts` replaces that of all services as a whole: nothing is mixed. */
export function policiesOf({
  services,
  balance,
  timeouts,
}: Pick<GatewayConfig, 'balance' | 'services' | 'timeouts'>): Policies {
  const own = services.flatMap((service): PolicyResource[] => {
    const name = serviceName(service.namespace, service.name);
    const { protocol, check, ports, tls } = service;
    const isDefault = protocol === defaultProtocol && !check && !ports && !tls;
    const defaults: PolicyResource = {
      ...{ kind: 'ServiceDefaults', name: `defaults ${name}`, target: { service: name } },
      spec: { protocol, ...(check && { check }), ...(ports && { ports }), ...(tls && { tls }) },
    };
    const spec = {
      ...(service.balance && { balance: service.balance }),
      ...(service.timeouts && { timeouts: service.timeouts }),
    };
    return [
      ...(isDefault ? [] : [defaults]),
      ...(Object.keys(spec).length === 0
        ? []
        : [{ kind: 'TrafficPolicy', name, target: { service: name }, spec } as const]),
    ];
  });
  const ofAll: PolicyResource = {
    kind: 'TrafficPolicy',
    name: 'default',
    target: {},
    spec: { balance, timeouts },
  };
  return new Policies([ofAll, ...own]);
}
