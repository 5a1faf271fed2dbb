/** Specifies that garbage at any listener takes down neither the gateway nor anybody else's requests. */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { startOrigin } from '../support/origin.ts';
import { type Random, seeded } from '../support/random.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { hostOf, type TwoClusters, twoClusters } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
const perListener = 300;
/** Connections made at once. */
const atOnce = 50;
let clusters: TwoClusters;

test.before('a service in dc2', async () => {
  const origin = await startOrigin(shared, (request, response) => {
    request.on('error', () => {}).resume();
    response.end('here');
  });
  clusters = await twoClusters(shared, [{ name: 'orders', addresses: [origin.address] }]);
});

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A frame of HTTP/2 whose payload, and more often than not its head, means nothing. */
function frame(random: Random): Buffer {
  const payload = random.octets(random.below(64));
  const head = Buffer.alloc(9);
  head.writeUIntBE(random.below(8) === 0 ? random.below(1 << 24) : payload.length, 0, 3);
  head[3] = random.below(12);
  head[4] = random.below(256);
  head.writeUInt32BE(random.below(8) === 0 ? random.below(2 ** 32) : random.below(9), 5);
  return Buffer.concat([head, payload]);
}

function frames(random: Random): Buffer {
  return Buffer.concat(Array.from({ length: 1 + random.below(20) }, () => frame(random)));
}

/** `octets` with a few of them replaced. */
function scratched(octets: Buffer, random: Random): Buffer {
  const copy = Buffer.from(octets);
  for (let n = 1 + random.below(4); n > 0; n--) copy[random.below(copy.length)] = random.below(256);
  return copy;
}

const whole = Buffer.from(
  `POST /a HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
);

/** Things to send. */
const kinds: readonly ((random: Random) => Buffer)[] = [
  (random) => random.octets(1 + random.below(2_000)),
  (random) => scratched(whole, random),
  (random) => Buffer.concat([whole.subarray(0, random.below(whole.length)), random.octets(100)]),
  (random) => Buffer.concat([Buffer.from(preface), frames(random)]),
  (random) => Buffer.concat([Buffer.from(preface), settings, frames(random)]),
  // A TLS record of a handshake, and then none.
  (random) => Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1]), random.octets(600)]),
  () => Buffer.alloc(70_000),
];

/** A way in, and how to leave it improperly. */
interface Door {
  dial(): Socket;
  abort(socket: Socket): void;
}

/** Sends one thing of some kind and goes, properly or not. Resolves when the connection is over. */
function sendGarbage({ dial, abort }: Door, random: Random): Promise<void> {
  const socket = dial();
  const kind = kinds[random.below(kinds.length)] as (typeof kinds)[number];
  const isAborted = random.below(2) === 0;
  return new Promise((resolve) => {
    // To be cut off is what it comes for.
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
    socket.write(kind(random), () => {
      if (isAborted) abort(socket);
      else socket.end();
    });
    // Half of a message may be waited for: that has its own limits, and its own tests.
    socket.setTimeout(500, () => socket.destroy());
  });
}

async function flood(t: ExecutionContext, door: Door): Promise<void> {
  const random = seeded();
  t.log(`seed ${random.seed}`);
  for (let done = 0; done < perListener; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, () => sendGarbage(door, random)));
  }
}

/** Runs `attack` on dc1 while others are served, and then asks whether all is well. */
async function bears(t: ExecutionContext, attack: () => Promise<void>): Promise<void> {
  const { gateway } = clusters.dc1;
  const pid = gateway.pid;
  const load = new SteadyLoad(clusters.dc1);
  t.teardown(() => load.stop());
  await load.servedBy(clusters.dc2);
  await attack();
  await load.goesOn();
  t.deepEqual(await load.stop(), []);
  t.true(gateway.running);
  t.is(gateway.pid, pid);
  await until(
    'the link to be up',
    async () => (await clusters.dc1.others())['dc2']?.state === 'up',
  );
  t.is((await gateway.request('orders.shop')).status, 200);
}

function addressOf(listener: 'outbound' | 'eastWest' | 'federation' | 'registry') {
  const [address = '', port] = clusters.dc1.gateway.listener(listener).split(':');
  return { host: address, port: Number(port) };
}

for (const listener of ['outbound', 'eastWest', 'federation', 'registry'] as const) {
  test.serial(`garbage at the listener ${listener}`, async (t) => {
    const dial = () => connect(addressOf(listener));
    await bears(t, () => flood(t, { dial, abort: (socket) => socket.resetAndDestroy() }));
  });
}

for (const listener of ['eastWest', 'federation', 'registry'] as const) {
  test.serial(`garbage within TLS at the listener ${listener}`, async (t) => {
    const options = { ...addressOf(listener), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    const dial = () => connectTls(options);
    await bears(t, () => flood(t, { dial, abort: (socket) => socket.destroy() }));
  });
}

test.serial("garbage from a member's own gateway", async (t) => {
  const trustDomain = parseTrustDomain('dc2.acme');
  const dir = join(clusters.dc2.gateway.dataDir, 'ca');
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  const { chainPem: cert, keyPem: key } = await authority.issueLeaf({
    id: gatewayId(trustDomain, 'gateway-1'),
    dnsNames: [],
  });
  const options = { ...addressOf('eastWest'), cert, key, rejectUnauthorized: false };
  const dial = () => connectTls({ ...options, ALPNProtocols: ['h2'] });
  await bears(t, () => flood(t, { dial, abort: (socket) => socket.destroy() }));
});

test.serial('garbage at the admin API', async (t) => {
  const { gateway } = clusters.dc1;
  const path = gateway.configPath.replace('gateway.yaml', 'admin.sock');
  const dial = () => connect(path);
  await bears(t, () => flood(t, { dial, abort: (socket) => socket.destroy() }));
});
