/** Specifies at which addresses the gateways of a cluster are reached from a network. */
import test from 'ava';
import { gatewaysOf, nearAddresses } from '../../registry/gateway-addresses.ts';
import { clusterRecord } from './records.ts';

const record = {
  ...clusterRecord(),
  eastWest: ['lb:1', 'b:1', 'old:1'],
  gateways: {
    g1: {
      ...{ eastWest: ['lb:1'], federation: ['lb:2'], zones: ['a'] },
      ...{ network: 'vpc-1', private: { eastWest: ['10.0.0.1:1'], federation: [] } },
    },
    g2: { eastWest: ['b:1', 'elsewhere:1'], federation: ['b:2'], zones: ['a'] },
  },
};

test('from its network a gateway is reached at its private addresses, else at those for everybody', (t) => {
  t.deepEqual(gatewaysOf(record, 'eastWest', 'vpc-1'), [
    { private: ['10.0.0.1:1'], public: ['lb:1'] },
    { private: [], public: ['b:1'] },
    { private: [], public: ['old:1'] },
  ]);
  t.deepEqual(nearAddresses(record, 'eastWest', 'vpc-1'), ['10.0.0.1:1', 'b:1', 'old:1']);
  t.deepEqual(nearAddresses(record, 'eastWest', 'vpc-2'), ['lb:1', 'b:1', 'old:1']);
});

test('a cluster that does not say which gateway has which is reached at all of them', (t) => {
  const { gateways: _, ...plain } = record;
  t.deepEqual(gatewaysOf(plain, 'eastWest', 'vpc-1'), [{ private: [], public: record.eastWest }]);
});

test('security: a record of many gateways has nobody open links without end', (t) => {
  const many = Array.from({ length: 200 }, (_, i) => `10.0.0.${i}:1`);
  const gateways = Object.fromEntries(
    many.map((address, i) => [
      `g${i}`,
      {
        ...{ eastWest: [address], federation: [], zones: [], network: 'vpc-1' },
        private: { eastWest: many, federation: [] },
      },
    ]),
  );
  const all = gatewaysOf({ ...record, gateways }, 'eastWest', 'vpc-1');
  t.is(all.flatMap((one) => one.private).length, 64);
  t.deepEqual(
    all.flatMap((one) => one.public),
    record.eastWest,
  );
});
