/** Specifies which gateways of the own cluster are gone, and which of them were lost. */
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../../../core/log.ts';
import { lostGatewaysFile } from '../../../../gateway/control/membership/kept-knowledge.ts';
import { LostGateways } from '../../../../gateway/control/membership/lost-gateways.ts';
import { Siblings } from '../../../../gateway/control/membership/siblings.ts';
import type { GatewayRecord } from '../../../../registry/model.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { clusterRecord, gatewayRecord } from '../../records.ts';

const graceMs = 5_000;

async function scene(t: ExecutionContext) {
  const clock = new ManualClock();
  const path = lostGatewaysFile(await tempDir(t));
  let lost = await LostGateways.open(path, clock, silentLog);
  t.teardown(() => lost.close());
  let gone = 0;
  const siblings = new Siblings(clock, 'g1', lost, () => gone++);
  const addresses = { eastWest: ['a:1'], federation: ['a:2'], zones: ['a'] };
  const record = { ...clusterRecord(), gateways: { g1: addresses, g2: addresses } };
  const look = (...alive: readonly GatewayRecord[]) =>
    siblings.look({ record, gateways: new Map(alive.map((gateway) => [gateway.id, gateway])) });
  /** As a gateway knows it that starts anew. */
  const restarted = async () => {
    await lost.close();
    lost = await LostGateways.open(path, clock, silentLog);
    return new Siblings(clock, 'g1', lost, () => {});
  };
  return { clock, siblings, look, told: () => gone, restarted };
}

test('one that vanishes is gone after a while, and was lost until it is back', async (t) => {
  const { clock, siblings, look, told } = await scene(t);
  look(gatewayRecord('g1'), gatewayRecord('g2'));
  look(gatewayRecord('g1'));
  clock.advance(graceMs - 1);
  t.false(siblings.isGone('g2'));
  t.deepEqual([...siblings.lost.keys()], []);
  clock.advance(1);
  t.true(siblings.isGone('g2'));
  t.is(told(), 1);
  t.deepEqual([...siblings.lost.keys()], ['g2']);
  // The record has it no more.
  siblings.look({ record: clusterRecord(), gateways: new Map() });
  t.deepEqual([...siblings.lost.keys()], ['g2']);
  look(gatewayRecord('g1'), gatewayRecord('g2'));
  t.deepEqual([...siblings.lost.keys()], []);
});

test('one that said that it ends is gone, and was not lost', async (t) => {
  const { clock, siblings, look } = await scene(t);
  look(gatewayRecord('g1'), { ...gatewayRecord('g2'), ending: true });
  look(gatewayRecord('g1'));
  clock.advance(graceMs);
  t.true(siblings.isGone('g2'));
  t.deepEqual([...siblings.lost.keys()], []);
});

test('one that is gone for good is named for a day', async (t) => {
  const { clock, siblings, look } = await scene(t);
  look(gatewayRecord('g1'));
  clock.advance(graceMs);
  clock.advance(24 * 3_600_000 - 1);
  t.deepEqual([...siblings.lost.keys()], ['g2']);
  clock.advance(1);
  t.deepEqual([...siblings.lost.keys()], []);
});

test('one that was lost is remembered over a restart, with since when, until it is back', async (t) => {
  const { clock, look, restarted } = await scene(t);
  look(gatewayRecord('g1'));
  clock.advance(graceMs);
  const lostAt = clock.now();
  clock.advance(60_000);
  const again = await restarted();
  t.deepEqual([...again.lost], [['g2', lostAt]]);
  const alive = [gatewayRecord('g1'), gatewayRecord('g2')];
  again.look({ gateways: new Map(alive.map((one) => [one.id, one])) });
  t.deepEqual([...(await restarted()).lost], []);
});
