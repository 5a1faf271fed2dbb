/** Specifies a federation over an etcd with TLS and users, a role for each cluster as the documentation grants it, and what is said where those are wrong. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import type { Finding, RegisteredEndpoint } from '../../gateway/control/api/answers.ts';
import type { EtcdProcess } from '../support/etcd.ts';
import { startEtcdWithUsers } from '../support/etcd-users.ts';
import type { Etcdctl } from '../support/etcdctl.ts';
import { type Cluster, checksOut, federate } from '../support/federation.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const root = '/isthmus/v1/acme';
const serverName = 'etcd.test';
let pems: PemFolder;
let etcd: EtcdProcess;
let run: Etcdctl;
let dc1: Cluster;
let dc2: Cluster;

/** The blocks of commands in the documentation that begin with `first`, run as root. */
async function runDocumented(first: string, env: NodeJS.ProcessEnv): Promise<void> {
  const text = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const block = text.split('\n\n').find((part) => part.trim().startsWith(first));
  if (block === undefined) throw new Error(`the documentation has no block that begins ${first}`);
  await promisify(execFile)('sh', ['-ec', block], { env: { ...process.env, ...env } });
}

test.before('two clusters share an etcd, each with a certificate, a user and a role', async () => {
  pems = new PemFolder(await tempDir(shared));
  const ca = await pems.ca();
  const server = await pems.make('etcd', serverName);
  const admin = await pems.make('admin', 'admin.test');
  const flags = ['--insecure-skip-tls-verify', '--cert', admin.cert, '--key', admin.key];
  const tls = { ...server, clientCa: ca };
  const open = await startEtcdWithUsers(shared, 'jwt', { tls }, flags);
  ({ etcd, run } = open);
  await open.addUser('dc1');
  await run('user', 'add', 'dc2:dc2');
  const env = {
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: etcd.endpoint,
    ETCDCTL_INSECURE_SKIP_TLS_VERIFY: 'true',
    ETCDCTL_CERT: admin.cert,
    ETCDCTL_KEY: admin.key,
    ETCDCTL_USER: 'root:pw',
    ETCDCTL_COMMAND_TIMEOUT: '30s',
  };
  await runDocumented('etcdctl role add dc2', env);
  await runDocumented('for kind in tokens', env);
  const registry = async (name: string) => {
    const pair = await pems.make(name, `${name}.test`);
    const passwordFile = await pems.put(`${name}.password`, `${name}\n`);
    const endpoints = [etcd.endpoint];
    return { etcd: { endpoints, ca, ...pair, serverName, username: name, passwordFile } };
  };
  const first = await registry('dc1');
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

test.serial('the roles that are documented are all that is needed', async (t) => {
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
    await run('role', 'revoke-permission', 'dc2', '--prefix', prefix);
    t.false((await register(dc2, 'unseen')).published);
    const key = `${prefix}shop/unseen`;
    const { fix } = await problem(dc2, 'REGISTRY_DENIED', key);
    t.regex(fix ?? '', /docs\/operations\.md/);
    t.is((await dc2.gateway.isthmus(['status'])).code, 3);
    const { code, stdout } = await dc2.gateway.isthmus(['check', '-o', 'json']);
    t.is(code, 1);
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    t.true(findings.some((finding) => finding.code === 'REGISTRY_DENIED' && finding.where === key));
    await run('role', 'grant-permission', 'dc2', 'readwrite', '--prefix', prefix);
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
    await run.withInput('new\n', 'user', 'passwd', 'dc2', '--interactive=false');
    // Whoever was let in stays so until its token is asked for.
    t.false((await register(dc2, 'waiting')).published);
    const { what, fix } = await problem(dc2, 'REGISTRY_UNAUTHENTICATED');
    t.regex(what, /refuses its user dc2/);
    t.regex(fix ?? '', /passwordFile/);
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
  await pems.make('dc2', 'dc2.test');
  await well(dc2);
  await writeFile(join(pems.dir, 'dc2.pem'), 'no certificate');
  t.regex((await problem(dc2, 'CERT_INVALID')).where ?? '', /registry\.etcd \(.*dc2\.pem/);
  t.is((await dc2.gateway.status()).registry.kind, 'connected');
  await pems.make('dc2', 'dc2.test');
  await well(dc2);
  t.true((await register(dc2, 'last')).published);
});
