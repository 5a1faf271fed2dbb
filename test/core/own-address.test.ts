/** Specifies the address by which a machine says that it is reached. */
import type { NetworkInterfaceInfo } from 'node:os';
import test from 'ava';
import { ownAddress } from '../../core/own-address.ts';

const loopback = at('127.0.0.1', true);

function at(address: string, internal = false): NetworkInterfaceInfo {
  const mask = { netmask: '255.255.255.0', mac: '00:00:00:00:00:00', cidr: `${address}/24` };
  return { address, internal, family: 'IPv4', ...mask };
}

const noRoute = async () => undefined;

test('the address that the default route leaves by', async (t) => {
  const interfaces = () => ({ lo: [loopback], eth0: [at('10.0.0.1')], eth1: [at('10.1.0.1')] });
  t.is(await ownAddress(async () => '10.1.0.1', interfaces), '10.1.0.1');
});

test('without a default route an address that others on its network reach', async (t) => {
  t.is(await ownAddress(noRoute, () => ({ lo: [loopback], eth0: [at('10.0.0.1')] })), '10.0.0.1');
});

test('a machine that nobody reaches has its own', async (t) => {
  t.is(await ownAddress(noRoute, () => ({ lo: [loopback] })), '127.0.0.1');
});
