/** Specifies what a check says of gateways of a cluster that are configured differently. */
import test from 'ava';
import { siblings } from '../../../../gateway/control/check/siblings.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { sharedSettings } from '../../../../gateway/control/membership/shared-settings.ts';
import { clusterRecord, dc1, gatewayRecord } from '../../records.ts';

const parse = (gateway: string, more = '') =>
  parseConfig(`{ cluster: dc1, federation: acme, region: eu, gateway: ${gateway}, ${more} }`, '/a');

/** What g1 finds of g2, each with its configuration. */
function found(one: string, other: string): string[] {
  const config = parse('g1', one);
  const second = parse('g2', other);
  const part = { eastWest: ['a:1'], federation: ['a:2'], zones: ['a'] };
  const stated = [config.capacity, second.capacity].filter((capacity) => capacity !== undefined);
  const record = {
    ...clusterRecord(),
    ...(stated.length > 0 && { capacity: Math.min(...stated) }),
    gateways: {
      g2: { ...part, ...(second.capacity !== undefined && { capacity: second.capacity }) },
    },
  };
  const gateways = new Map([
    ['g1', gatewayRecord('g1')],
    ['g2', { ...gatewayRecord('g2'), settings: sharedSettings(second) }],
  ]);
  const clusters = new Map([[dc1, { cluster: dc1, record, gateways }]]);
  return siblings({ config, snapshot: { clusters } }).map(({ what }) => what);
}

const service = (more: string) => `services: [{ name: orders, namespace: shop, ${more} }]`;

test('gateways that are configured alike are not spoken of, wherever endpoints are', (t) => {
  const endpoints = 'endpoints: [{ id: a, address: "10.0.0.1:80" }]';
  t.deepEqual(
    found('capacity: 5, timeouts: { request: 5s }', 'capacity: 5, timeouts: { request: 5s }'),
    [],
  );
  t.deepEqual(found(service(endpoints), 'services: []'), []);
});

test('the least capacity holds, and who says which is told', (t) => {
  t.regex(
    found('capacity: 1000', 'capacity: 500').join(),
    /^g2 is configured for a capacity of 500, and this gateway for 1000: 500 holds/,
  );
  t.regex(found('capacity: 1000', '').join(), /^g2 .* a capacity of none, .* 1000: 1000 holds/);
});

test('what else differs is told by its keys, and by service', (t) => {
  t.regex(
    found('timeouts: { request: 5s }', service('balance: { algorithm: random }')).join(),
    /^g2 is configured otherwise than this gateway \(services orders\.shop, timeouts\)/,
  );
});
