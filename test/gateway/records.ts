/** Owns what the gateway's tests have in common: a home, and registrations in a few words. */
import type { Home } from '../../gateway/control/catalog/endpoint-record.ts';
import type { Registration } from '../../gateway/control/catalog/registration.ts';
import { cart, dc1 } from '../registry/records.ts';

export * from '../registry/records.ts';

export const home: Home = { cluster: dc1, region: 'eu', zone: 'a', gateway: 'g1' };

export function registration(id = 'cart-1', more: Partial<Registration> = {}): Registration {
  return {
    service: cart,
    id,
    address: '127.0.0.1',
    port: 80,
    zone: 'a',
    weight: 1,
    labels: {},
    protocol: 'http',
    exported: true,
    source: 'api',
    ...more,
  };
}
