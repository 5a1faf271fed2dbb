/** Specifies how it is noticed that a gateway is another process. */
import test from 'ava';
import { GatewayGenerations } from '../../../../gateway/control/others/generations.ts';
import type { GatewayRecord } from '../../../../registry/model.ts';
import { dc1, dc10, gatewayRecord } from '../../records.ts';

const view = (cluster = dc1, ...gateways: GatewayRecord[]) => ({
  cluster,
  gateways: new Map(gateways.map((gateway) => [gateway.id, gateway])),
});

test('a gateway that was started at another time than before is another process', (t) => {
  const generations = new GatewayGenerations();
  t.false(generations.look(view(dc1, gatewayRecord('g1', { startedAt: 1 }))));
  t.false(generations.look(view(dc1, gatewayRecord('g1', { startedAt: 1, rttMs: { dc2: 3 } }))));
  t.true(generations.look(view(dc1, gatewayRecord('g1', { startedAt: 2 }))));
  t.false(generations.look(view(dc1, gatewayRecord('g1', { startedAt: 2 }))));
});

test('a gateway that is new, gone, or of another cluster replaces nobody', (t) => {
  const generations = new GatewayGenerations();
  generations.look(view(dc1, gatewayRecord('g1', { startedAt: 1 })));
  t.false(generations.look(view(dc10, gatewayRecord('g1', { startedAt: 5 }))));
  t.false(
    generations.look(
      view(dc1, gatewayRecord('g1', { startedAt: 1 }), gatewayRecord('g2', { startedAt: 9 })),
    ),
  );
  t.false(generations.look(view(dc1)));
  t.false(generations.look(view(dc1, gatewayRecord('g1', { startedAt: 7 }))));
});
