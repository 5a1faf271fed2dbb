/** Owns the function that names the host of a service. */
import { parseFederationName, parseServiceName, serviceHost } from '../../../core/names.ts';
import type { ProviderFunction } from '../offer.ts';
import { atParameter } from './at-parameter.ts';

const text = { kind: 'string' } as const;

export const hostOfService: ProviderFunction = {
  name: 'service_host',
  description: 'The host by which clients ask for a service',
  parameters: [
    { name: 'service', description: 'Service, such as `orders.shop`', shape: text },
    { name: 'federation', description: 'Name of the federation, such as `acme`', shape: text },
  ],
  returns: text,
  call(service, federation) {
    const name = atParameter('service', () => parseServiceName(String(service)));
    const within = atParameter('federation', () => parseFederationName(String(federation)));
    return serviceHost(name, within);
  },
};
