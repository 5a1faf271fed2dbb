/** Specifies a federation over an etcd of three members with TLS and users, a user and a role for each cluster as `isthmus registry prepare` makes them, through the loss of members and tokens, and what is said where those are wrong. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type {
  Finding,
  RegisteredEndpoint,
  RegistryReport,
} from '../../gateway/control/api/answers.ts';
import { isthmus, type Ran } from '../cli/in-process.ts';
import type { EtcdMembers } from '../support/etcd.ts';
import { startThreeWithUsers } from '../support/etcd-users.ts';
import { type Etcdctl, etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate } from '../support/federation.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const root = '/isthmus/v1/acme';
const serverName = 'etcd.test';
let pems: PemFolder;
let etcd: EtcdMembers;
let run: Etcdctl;
/** Flags of `etcdctl`, and of `isthmus registry`. */
let admin: readonly string[];
let asRoot: readonly string[];
let dc1: Cluster;
let dc2: Cluster;

/** As an administrator of etcd types it. */
function prepare(...args: string[]): Promise<Ran> {
  return isthmus(['registry', 'prepare', ...asRoot, '--federation', 'acme', ...args]);
}

/** Runs `etcdctl` as the user of a cluster. */
async function as(name: string, ...args: string[]): Promise<string> {
  const password = (await readFile(join(pems.dir, `${name}.password`), 'utf8')).trim();
  const user = ['--user', `${name}.acme:${password}`];
  return etcdctl(shared, etcd.endpoints.join(','), [...admin, ...user])(...args);
}

test.before('two clusters share an etcd, each with a certificate, a user and a role', async () => {
  pems = new PemFolder(await tempDir(shared));
  const ca = await pems.ca();
  const server = await pems.make('etcd', serverName);
  const { cert, key } = await pems.make('admin', 'admin.test');
  admin = ['--insecure-skip-tls-verify', '--cert', cert, '--key', key];
  const tls = { ...server, clientCa: ca };
  ({ etcd, run } = await startThreeWithUsers(shared, tls, admin));
  asRoot = [
    ...['--endpoints', etcd.endpoints.join(','), '--server-name', serverName],
    ...['--ca', ca, '--cert', cert, '--key', key],
    ...['--user', 'root', '--password-file', await pems.put('root.password', 'pw\n')],
  ];
  const registry = async (name: string, ...rights: string[]) => {
    const passwordFile = join(pems.dir, `${name}.password`);
    const { code, stderr } = await prepare(
      ...['--cluster', name, '--write-password', passwordFile],
      ...rights.flatMap((right) => ['--may', right]),
    );
    if (code !== 0) throw new Error(stderr);
    const pair = await pems.make(name, `${name}.test`);
    const { endpoints } = etcd;
    const username = `${name}.acme`;
    return { etcd: { endpoints, ca, ...pair, serverName, username, passwordFile } };
  };
  const first = await registry('dc1', 'admit', 'policies', 'grants');
  ({ dc1, dc2 } = await federate(shared, {
    dc1: { registry: { etcd: { ...first.etcd, found: true } } },
    dc2: { registry: await registry('dc2') },
  }));
});

async function problem({ gateway }: Cluster, code: string, where?: string) {
  return until(`${gateway.name} to report ${code}`, async () => {
    const problems = await gateway.problems();
    const found = problems.find(
      (p) => p.code === code && (where === undefined || p.where === where),
    );
    if (!found) throw new Error(JSON.stringify(problems));
    return found;
  });
}

async function well(cluster: Cluster): Promise<void> {
  await until(`${cluster.name} to be well`, async () => {
    const { code, stdout } = await cluster.gateway.isthmus(['status']);
    if (code !== 0) throw new Error(stdout);
    return true;
  });
}

function register(cluster: Cluster, service: string): Promise<RegisteredEndpoint> {
  const [address, port] = cluster.instances[0]?.address.split(':') ?? [];
  return cluster.gateway.api.send('PUT', `/v1/services/shop/${service}/endpoints/${service}-1`, {
    address,
    port: Number(port),
  });
}

/** A key that was refused is tried again after 30 s. */
async function reachable(service: string): Promise<void> {
  await until(
    `dc1 to reach ${service}`,
    async () => {
      return (await dc1.gateway.request(`${service}.shop`)).status === 200;
    },
    60_000,
  );
}

test.serial('the roles that are prepared are all that is needed', async (t) => {
  t.true((await register(dc2, 'cart')).published);
  await t.notThrowsAsync(reachable('cart'));
  await checksOut(dc1);
  await checksOut(dc2);
  proves(
    t,
    'registry.etcd.endpoints',
    'registry.etcd.ca',
    'registry.etcd.cert',
    'registry.etcd.key',
    'registry.etcd.serverName',
    'registry.etcd.username',
    'registry.etcd.passwordFile',
    'registry.etcd.found',
  );
});

test.serial(
  'a cluster may write only what is its own, and reads no join tokens: etcd itself refuses the rest',
  async (t) => {
    const { stdout } = await dc1.gateway.isthmus(['token', 'create']);
    t.regex(stdout, /^isthmus1_/);
    const refused = { message: /permission denied/ };
    for (const key of [
      ...['clusters/dc1', 'bundles/dc1', 'departures/dc1', 'synced/dc1', 'clusters/dc3'],
      ...['gateways/dc1/g', 'endpoints/dc1/shop/cart/1', 'exports/dc1/shop/cart'],
      ...['drills/dc1/runs/1', 'policies/dc1/shop/Route/cart', 'policies/@/shop/Route/cart'],
      ...['grants/policy', 'tokens/dc1/1', 'tokens/dc2/1'],
    ]) {
      await t.throwsAsync(as('dc2', 'put', `${root}/${key}`, 'forged'), refused, key);
    }
    await t.throwsAsync(as('dc2', 'get', '--prefix', `${root}/tokens/`), refused);
    await t.throwsAsync(
      as('dc2', 'get', '--prefix', `${root}/`),
      refused,
      'tokens are among these',
    );
    await t.throwsAsync(as('dc1', 'get', '--prefix', `${root}/tokens/dc2/`), refused);
    t.regex(await as('dc1', 'get', '--prefix', `${root}/tokens/dc1/`), /"createdBy":"dc1"/);
    t.regex(await as('dc2', 'get', `${root}/clusters/dc1`), /"cluster":"dc1"/);
  },
);

test.serial('the registry is shown: its leader, its size, the lease of the gateway', async (t) => {
  const { code, stdout } = await dc2.gateway.isthmus(['registry', 'status', '-o', 'json']);
  const report = JSON.parse(stdout) as RegistryReport;
  t.is(code, 0, stdout);
  t.like(report, { kind: 'etcd', hosted: false, findings: [] });
  t.deepEqual(
    report.endpoints.map(({ endpoint, state }) => [endpoint, state]),
    etcd.endpoints.map((endpoint) => [endpoint, 'answers']),
  );
  const leaders = report.endpoints.filter(
    (one) => one.state === 'answers' && one.role === 'leader',
  );
  t.is(leaders.length, 1);
  t.is(report.session?.state, 'converged');
  t.regex(report.session?.lease ?? '', /^\d+$/);
  t.true(report.watches.every(({ state: how }) => how === 'watching'));
});

test.serial('a cluster may back the federation up, and restore it nowhere', async (t) => {
  const file = join(pems.dir, 'backup');
  const backup = ['registry', 'backup', file, '-c', dc2.gateway.configPath];
  t.is((await isthmus(backup)).code, 0);
  t.regex(await readFile(file, 'utf8'), /acme\/clusters\/dc1"/);
  await run('del', `${root}/clusters/dc1`);
  const restore = ['registry', 'restore', file, '-c', dc2.gateway.configPath, '--force'];
  const { code, stderr } = await isthmus(restore);
  t.is(code, 5, stderr);
  t.regex(stderr, /REGISTRY_DENIED/);
  await well(dc2);
});

test.serial(
  "records are moved as etcd's administrator: nothing is added to where they are",
  async (t) => {
    const from = ['registry', 'migrate', '-c', dc1.gateway.configPath];
    const { code, stdout, stderr } = await isthmus([
      ...from,
      '--to',
      'etcd',
      ...asRoot,
      '-o',
      'json',
    ]);
    t.is(code, 0, stderr);
    const { same, ...outcome } = JSON.parse(stdout);
    t.like(outcome, { added: 0, replaced: 0 });
    t.true(same > 0);
  },
);

test.serial('preparing again changes nothing, and no password is ever printed', async (t) => {
  const again = await prepare('--cluster', 'dc2', '-o', 'json');
  t.like(JSON.parse(again.stdout), { name: 'dc2.acme', steps: [], enforced: true });
  const plan = await prepare('--cluster', 'dc3', '--dry-run');
  t.regex(plan.stdout, /^add role +dc3\.acme$/m);
  t.notRegex(await run('user', 'list'), /dc3/);
  const file = join(pems.dir, 'dc3.password');
  const made = await prepare('--cluster', 'dc3', '--write-password', file);
  t.is((await stat(file)).mode & 0o777, 0o600);
  const password = (await readFile(file, 'utf8')).trim();
  t.is(password.length, 43);
  t.false(`${made.stdout}${made.stderr}`.includes(password));
  t.regex(await as('dc3', 'get', `${root}/clusters/dc1`), /"cluster":"dc1"/);
  t.is((await prepare('--remove', 'dc3')).code, 64, 'it asks first');
  t.is((await prepare('--remove', 'dc3', '--yes')).code, 0);
  t.notRegex(await run('user', 'list'), /dc3/);
  t.notRegex(await run('role', 'list'), /dc3/);
});

test.serial(
  'members are lost, one after the other, the leader first: no request fails, and what is registered is seen elsewhere',
  async (t) => {
    const load = new SteadyLoad(dc1);
    for (const [i, lost] of [await etcd.leader(), etcd.all[0], etcd.all[1]].entries()) {
      await lost?.kill();
      await register(dc2, `lost-${i}`);
      await t.notThrowsAsync(reachable(`lost-${i}`));
      await lost?.start();
    }
    const { gateways } = (await dc1.others())['dc2'] ?? {};
    t.is(gateways, 1, 'no lease ran out');
    await well(dc1);
    await well(dc2);
    t.deepEqual(await load.stop(), []);
  },
);

test.serial('tokens expire: gateways have new ones at once, and nothing waits', async (t) => {
  const logins = async () => {
    const counts = await Promise.all(etcd.all.map((member) => member.calls('Authenticate')));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const before = await logins();
  const unpublished: number[] = [];
  let asked = 0;
  await until(
    'two tokens more',
    async () => {
      if (!(await register(dc2, `token-${asked++ % 2}`)).published) unpublished.push(asked);
      return (await logins()) >= before + 2;
    },
    60_000,
  );
  t.deepEqual(unpublished, []);
  await t.notThrowsAsync(reachable('token-0'));
  await well(dc1);
  await well(dc2);
});

test.serial('a user is added: what is registered after that is seen elsewhere', async (t) => {
  await run('user', 'add', 'somebody:pw');
  t.true((await register(dc2, 'after')).published);
  await t.notThrowsAsync(reachable('after'));
  await well(dc1);
  await well(dc2);
});

test.serial(
  'a cluster may not write its summaries: that is named, and nothing is called published',
  async (t) => {
    const prefix = `${root}/exports/dc2/`;
    await run('role', 'revoke-permission', 'dc2.acme', '--prefix', prefix);
    t.false((await register(dc2, 'unseen')).published);
    const key = `${prefix}shop/unseen`;
    const { fix } = await problem(dc2, 'REGISTRY_DENIED', key);
    t.regex(fix ?? '', /docs\/operations\.md/);
    t.is((await dc2.gateway.isthmus(['status'])).code, 3);
    const { code, stdout } = await dc2.gateway.isthmus(['check', '-o', 'json']);
    t.is(code, 1);
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    t.true(findings.some((finding) => finding.code === 'REGISTRY_DENIED' && finding.where === key));
    const { stdout: plan } = await prepare('--cluster', 'dc2');
    t.regex(plan, new RegExp(`^permit +readwrite ${prefix}\\*$`, 'm'));
    await t.notThrowsAsync(reachable('unseen'));
    await well(dc2);
  },
);

test.serial('a cluster that may not write join tokens says so, and who may', async (t) => {
  const { code, stderr } = await dc2.gateway.isthmus(['token', 'create']);
  t.is(code, 5);
  t.regex(stderr, /user in etcd may not write join tokens/);
  t.true(stderr.includes(`${root}/tokens/`));
  t.notRegex(stderr, /undefined/);
});

test.serial(
  'a password is changed: the refusal is named, and the file is read again',
  async (t) => {
    await run.withInput('new\n', 'user', 'passwd', 'dc2.acme', '--interactive=false');
    // Before anything is to be written.
    const { what, fix } = await problem(dc2, 'REGISTRY_UNAUTHENTICATED');
    t.regex(what, /refuses its user dc2\.acme/);
    t.regex(fix ?? '', /passwordFile/);
    t.false((await register(dc2, 'waiting')).published);
    t.is((await dc2.gateway.isthmus(['status'])).code, 3);
    const { stdout } = await dc2.gateway.isthmus(['check']);
    t.regex(stdout, /REGISTRY_UNAUTHENTICATED/);
    t.notRegex(stdout, /REGISTRY_STALE|Wait a moment/);
    await pems.put('dc2.password', 'new\n');
    await t.notThrowsAsync(reachable('waiting'));
    await well(dc2);
  },
);

test.serial('certificates are replaced on disk: the new ones are used, good or bad', async (t) => {
  const stranger = new PemFolder(await tempDir(t));
  const { cert, key } = await stranger.make('dc2', 'dc2.test');
  await pems.put('dc2.key', await readFile(key, 'utf8'));
  await pems.put('dc2.pem', await readFile(cert, 'utf8'));
  await until('it to be read', () =>
    dc2.gateway.logged({ msg: 'certificates for the registry replaced' }),
  );
  // A connection that stands stays; the next is made with what is on disk.
  await etcd.kill();
  await etcd.start();
  await well(dc1);
  t.is((await dc2.gateway.status()).registry.kind, 'unavailable');
  const shown = await dc2.gateway.isthmus(['registry', 'status']);
  t.is(shown.code, 1);
  t.regex(shown.stdout, /unavailable/);
  t.regex(shown.stdout, /^REGISTRY_UNAVAILABLE: .*\n {2}fix: /m);
  await pems.make('dc2', 'dc2.test');
  await well(dc2);
  await writeFile(join(pems.dir, 'dc2.pem'), 'no certificate');
  t.regex((await problem(dc2, 'CERT_INVALID')).where ?? '', /registry\.etcd \(.*dc2\.pem/);
  t.is((await dc2.gateway.status()).registry.kind, 'connected');
  await pems.make('dc2', 'dc2.test');
  await well(dc2);
  t.true((await register(dc2, 'last')).published);
});

test.serial(
  'security: a cluster is evicted: what it leaves behind in etcd is named, and once that is taken away it may do nothing there',
  async (t) => {
    const evict = ['leave', '--cluster', 'dc2', '--force', '--yes'];
    const { code, stderr } = await dc1.gateway.isthmus(evict);
    t.is(code, 0, stderr);
    t.regex(stderr, /user dc2\.acme of etcd may still.*isthmus registry prepare --remove dc2/s);
    t.regex(await as('dc2', 'get', `${root}/clusters/dc1`), /"cluster":"dc1"/);
    t.is((await prepare('--remove', 'dc2', '--yes')).code, 0);
    await t.throwsAsync(as('dc2', 'get', `${root}/clusters/dc1`), {
      message: /authentication failed/,
    });
  },
);
