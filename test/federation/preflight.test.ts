/** Specifies the look before a join: what is seen from either side, what would refuse it, and that nothing changes by looking. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join as joinPath } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../core/clock.ts';
import { version } from '../../core/version.ts';
import { join } from '../../federation/join.ts';
import { previewJoin } from '../../federation/join-preview.ts';
import type { Line } from '../../federation/preflight.ts';
import { apart, clockLine, readLines, versionLine } from '../../federation/preflight-judgement.ts';
import { type Cluster, cluster, founder, joining, registryOf, serve, tokenOf } from './fixtures.ts';

/** What was said of a subject, each as `outcome: what`. */
function said(lines: readonly Line[], subject: Line['subject']): string[] {
  return lines
    .filter((line) => line.subject === subject)
    .map(({ outcome, what }) => `${outcome}: ${what}`);
}

/** Every file below a folder, by its path, with its content. */
async function filesBelow(dir: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const read = files.map(async ({ name, parentPath }) => {
    const path = joinPath(parentPath, name);
    return [path, await readFile(path, 'latin1')] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** A port that nobody listens on. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

/** A cluster that is in no federation, and whose gateway answers at `addresses` beside its own, as it says. */
async function answering(t: ExecutionContext, name: string, also: readonly string[] = []) {
  const alone = await cluster(t, name);
  const { store } = await founder(t);
  const host = await serve(t, alone, store, {
    ...{ version: 1, kind: 'member', federation: 'acme' as never, joinedAt: 1 },
    ...{ registry: { kind: 'etcd', endpoints: ['127.0.0.1:1'] }, pins: {}, departed: {} },
  });
  await alone.file.set({ version: 1, kind: 'standalone' });
  return advertising(alone, [host.address, ...also]);
}

function advertising<C extends Cluster>(one: C, addresses: readonly string[]): C {
  const part = { ...one.self.gateways['g1'], eastWest: [...addresses], federation: [...addresses] };
  const self = { ...one.self, ...part, gateways: { g1: { zones: ['a'], ...part } } };
  return { ...one, self };
}

test('a preview says what joining would bring, changes nothing on either side and leaves the token good', async (t) => {
  const dc1 = await founder(t);
  const dc2 = await answering(t, 'dc2');
  const token = await tokenOf(dc1);
  const before = [
    await registryOf(dc1),
    await filesBelow(dc1.dataDir),
    await filesBelow(dc2.dataDir),
  ];
  const preview = await previewJoin(token, joining(dc2));

  t.like(preview, { federation: 'acme', via: 'dc1', fingerprint: dc1.authority.keyId });
  t.deepEqual(preview.clusters, [
    { cluster: dc1.name, region: 'eu', fingerprint: dc1.authority.keyId },
  ]);
  t.regex(
    preview.changes.join('\n'),
    /^dc2 becomes a member of acme: dc1 writes .*token is used up/,
  );
  t.deepEqual(
    preview.gains.map(({ identity }) => identity),
    ['spiffe://dc2.acme/gateway/*', 'spiffe://dc1.acme/gateway/*'],
  );
  t.deepEqual(
    [await registryOf(dc1), await filesBelow(dc1.dataDir), await filesBelow(dc2.dataDir)],
    before,
  );
  t.deepEqual(dc1.acts, []);
  t.is(dc2.file.state.kind, 'standalone');
  t.is((await join(token, joining(dc2))).kind, 'member');
});

test('each advertised address is tried from both sides, and what does not answer is named with what to do', async (t) => {
  const dead = await deadAddress();
  const dc1 = await founder(t);
  const token = await tokenOf(dc1, [dc1.address, dead]);
  const { lines } = await previewJoin(token, joining(await answering(t, 'dc2', [dead])));

  // Its record says that it is reached where nobody is.
  t.deepEqual(said(lines, 'reach'), [
    `ok: dc1 answers at ${dc1.address}`,
    ...['127.0.0.1:7443', '127.0.0.1:7444', dead].map(
      (address) =>
        `warning: dc1 advertises ${address}, and nobody is reached there from here: The connection failed: connect ECONNREFUSED ${address}`,
    ),
  ]);
  const [well, bad, ...rest] = said(lines, 'reached');
  t.regex(well ?? '', /^ok: dc2 answers at 127\.0\.0\.1:\d+ as dc1\/g1 sees it$/);
  t.regex(bad ?? '', /^warning: dc2 advertises .*, and dc1\/g1 reaches nobody there: /);
  t.deepEqual(rest, []);
  t.true(lines.every(({ outcome, code, fix }) => outcome === 'ok' || (code && fix)));
  t.deepEqual(said(lines, 'name'), [
    'ok: No member is called dc2, or has the trust domain dc2.acme',
  ]);
  t.deepEqual(said(lines, 'version'), [`ok: Both run Isthmus ${version}`]);
  t.regex(said(lines, 'clock').join(), /^ok: The clock here is .* that of dc1\/g1, give or take/);
});

test('an address at which somebody else answers is refused, and so is a name that is taken, both at once', async (t) => {
  const dc1 = await founder(t);
  await join(await tokenOf(dc1), joining(await cluster(t, 'dc2')));
  const impostor = advertising(await cluster(t, 'dc2'), [dc1.address]);
  const { lines } = await previewJoin(await tokenOf(dc1), joining(impostor));
  const refused = lines.filter(({ outcome }) => outcome === 'refused');
  t.deepEqual(
    refused.map(({ subject, code }) => [subject, code]),
    [
      ['name', 'JOIN_CONFLICT'],
      ['reached', 'JOIN_REFUSED'],
    ],
  );
  t.regex(refused[1]?.what ?? '', /^dc2 advertises .*, and dc1\/g1 finds somebody else there/);
});

for (const [minutes, outcome] of [
  [0, 'ok'],
  [2, 'warning'],
  [-2, 'warning'],
  [20, 'refused'],
] as const) {
  test(`a clock that is ${minutes} minutes ahead is ${outcome}, and named by how much`, async (t) => {
    const dc1 = await founder(t);
    const now = () => Date.now() + minutes * 60_000;
    const options = { ...joining(await cluster(t, 'dc2')), clock: { ...systemClock, now } };
    const { lines } = await previewJoin(await tokenOf(dc1), options);
    const clock = lines.find(({ subject }) => subject === 'clock');
    t.is(clock?.outcome, outcome);
    if (minutes !== 0) {
      const way = minutes > 0 ? 'ahead of' : 'behind';
      // The other's stands still while this runs.
      const how = Math.abs(minutes) === 2 ? '(1[0-4]\\d s|[23] minutes)' : '(20|21) minutes';
      t.regex(clock?.what ?? '', new RegExp(`is ${how} ${way} that of dc1/g1`));
      t.is(clock?.code, 'CLOCK_SKEW');
    }
  });
}

for (const [sent, heard, answered, came, apartMs, errorMs] of [
  [1000, 1010, 1010, 1020, 0, 10],
  [61_000, 1010, 1010, 61_020, 60_000, 10],
  [1000, 61_010, 64_010, 4020, -60_000, 10],
  [1000, 1000, 1000, 3000, 1000, 1000],
] as const) {
  test(`asked at ${sent}, heard at ${heard}, answered at ${answered}, come at ${came}: ${apartMs} ms apart`, (t) => {
    t.deepEqual(apart({ sent, heard, answered, came }), { apartMs, errorMs });
  });
}

test('of clocks only what is certain is held against them', (t) => {
  const slow = { sent: 0, heard: 70_000, answered: 70_000, came: 30_000 };
  t.is(clockLine(slow, 'dc1').outcome, 'ok');
  t.is(clockLine({ ...slow, came: 10 }, 'dc1').outcome, 'warning');
});

test('another version of the program, or none that is told, is a warning', (t) => {
  t.is(versionLine('0.2.0', '0.2.0', 'dc1').outcome, 'ok');
  t.is(versionLine('0.2.0', '0.3.0', 'dc1').outcome, 'warning');
  t.regex(versionLine('0.2.0', '', 'dc1').what, /does not say which version/);
});

test('security: of the lines of another gateway only those of a known shape are taken, and no more than 128', (t) => {
  const good = { subject: 'name', outcome: 'ok', what: 'x', code: '', fix: '' };
  t.deepEqual(
    readLines([good, { ...good, subject: 'weather' }, { ...good, what: 'x'.repeat(3000) }]),
    [{ subject: 'name', outcome: 'ok', what: 'x' }],
  );
  t.is(readLines(Array(1000).fill(good)).length, 128);
});
