/**
 * Specifies what machines of the module etcd-aws run, by the real etcd, etcdctl and openssl: certificates out of one authority, users with
 * rights of their own, and snapshots that can be restored. AWS alone is played.
 */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import ava from 'ava';
import { parseClusterName, parseFederationName } from '../../core/names.ts';
import { freePorts } from '../../examples/demo/processes.ts';
import { ownFolders, ownKeys } from '../../registry/keys.ts';
import { type Permission, permissionsOf } from '../../registry/roles/permissions.ts';
import { permits } from '../registry/roles/permits.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { type RunningProgram, run, startServer } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type FakeAws, fakeAws } from './fake-aws.ts';

const test = ava.serial;
const shared = sharedScope(ava);
const module = new URL('../../terraform/modules/etcd-aws/', import.meta.url).pathname;

let dir: string;
let aws: FakeAws;
let url: string;
let peerPort: number;
let clientPort: number;
let etcd: RunningProgram;

const tls = (file: string) => join(dir, 'first/tls', file);

/** The settings that user data gives every member as they stand there, such as the names of files. */
async function fixedSettings(): Promise<string[]> {
  const text = await readFile(join(module, 'user-data.tf'), 'utf8');
  return [...text.matchAll(/^ +(ETCD_\w+) += "([^"$]*)"$/gm)].map(
    ([, key, value = '']) => `${key}=${value.replace('/etc/isthmus-etcd', join(dir, 'first'))}`,
  );
}

async function machine(name: string, isIssuer: boolean): Promise<void> {
  const arn = (secret: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${secret}`;
  const settings = {
    MEMBER: name,
    ADDRESS: '127.0.0.1',
    CLIENT_URL: url,
    FEDERATION: 'acme',
    AUTHORITY_SECRET: arn('authority'),
    AUTHORITY_REGION: 'eu-west-1',
    AUTHORITY_VERSION: '11111111-1111-1111-1111-111111111111',
    REGION: 'eu-west-1',
    IS_ISSUER: isIssuer ? 'yes' : 'no',
    CLIENTS: isIssuer ? `dc1=admits=${arn('dc1')} dc2=member=${arn('dc2')}` : '',
    BACKUP_URL: 's3://backups/etcd',
    BACKUP_KMS: 'aws',
  };
  await mkdir(join(dir, name));
  const lines = Object.entries(settings).map(([key, value]) => `${key}='${value}'\n`);
  await writeFile(join(dir, name, 'settings'), lines.join(''));
}

function program(name: string, on: string, ...args: readonly string[]) {
  return run(join(module, 'files', name), args, {
    env: {
      PATH: `${aws.bin}:${process.env['PATH']}`,
      ISTHMUS_ETCD_ETC: join(dir, on),
      ISTHMUS_ETCD_DEFAULTS: join(dir, 'defaults'),
      ISTHMUS_ETCD_OWNER: userInfo().username,
      ISTHMUS_ETCD_TRIES: '1',
    },
  });
}

function startMember(): Promise<RunningProgram> {
  const line = `set -a; . ${join(dir, 'defaults')}; set +a; exec etcd --log-level error`;
  return startServer(shared, clientPort, 'sh', ['-c', line]);
}

/** `etcdctl` with the certificate that a client finds in its secret. */
async function as(client: string) {
  const { ca, cert, key } = JSON.parse(await readFile(join(aws.folder, client), 'utf8'));
  const files = { ca, cert, key };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(dir, `${client}.${name}`), text);
    await chmod(join(dir, `${client}.${name}`), 0o600);
  }
  const path = (name: string) => join(dir, `${client}.${name}`);
  const flags = ['--cacert', path('ca'), '--cert', path('cert'), '--key', path('key')];
  return etcdctl(shared, url, flags);
}

function asRoot() {
  const flags = ['--cacert', tls('ca.crt'), '--cert', tls('root.crt'), '--key', tls('root.key')];
  return etcdctl(shared, url, flags);
}

ava.before(async () => {
  dir = await tempDir(shared);
  aws = await fakeAws(dir);
  const [client = 0, peer = 0, metrics = 0] = await freePorts(3);
  [clientPort, peerPort] = [client, peer];
  url = `https://127.0.0.1:${client}`;
  const peerUrl = `https://127.0.0.1:${peer}`;
  const defaults = [
    ...(await fixedSettings()),
    'ETCD_NAME=first',
    `ETCD_DATA_DIR=${join(dir, 'data')}`,
    `ETCD_LISTEN_CLIENT_URLS=${url}`,
    `ETCD_ADVERTISE_CLIENT_URLS=${url}`,
    `ETCD_LISTEN_PEER_URLS=${peerUrl}`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=${peerUrl}`,
    `ETCD_LISTEN_METRICS_URLS=http://127.0.0.1:${metrics}`,
    `ETCD_INITIAL_CLUSTER=first=${peerUrl}`,
    'ETCD_INITIAL_CLUSTER_TOKEN=etcd-acme',
  ];
  await writeFile(join(dir, 'defaults'), `${defaults.join('\n')}\n`);
  await machine('first', true);
  await machine('second', false);
});

test('a member that does not issue waits for the authority, and makes none', async (t) => {
  const { code, stderr } = await program('certificates', 'second');
  t.not(code, 0);
  t.regex(stderr, /ResourceNotFoundException/);
  t.deepEqual(await readdir(join(dir, 'second/tls')), []);
});

test('the first member makes the authority and the certificates, and no key is ever an argument', async (t) => {
  const { code, stderr } = await program('certificates', 'first');
  t.is(code, 0, stderr);
  t.deepEqual(Object.keys(JSON.parse(await readFile(join(aws.folder, 'authority'), 'utf8'))), [
    'cert',
    'key',
  ]);
  t.notRegex(await readFile(join(aws.folder, 'calls'), 'utf8'), /PRIVATE KEY/);
  t.is((await program('certificates', 'second')).code, 0);
});

test('what is valid for long is left alone, also where AWS is out of reach', async (t) => {
  const before = await readFile(tls('member.crt'), 'utf8');
  await writeFile(join(aws.folder, 'unreachable'), '');
  t.is((await program('certificates', 'second')).code, 0);
  await run('rm', [join(aws.folder, 'unreachable')]);
  t.is((await program('certificates', 'first')).code, 0);
  t.is(await readFile(tls('member.crt'), 'utf8'), before);
});

test('a cluster that admits others writes for all, another for itself alone, and nobody without a certificate', async (t) => {
  etcd = await startMember();
  const { code, stderr } = await program('users', 'first');
  t.is(code, 0, stderr);
  const root = '/isthmus/v1/acme';
  const [dc1, dc2] = [await as('dc1'), await as('dc2')];
  await t.notThrowsAsync(dc1('put', `${root}/tokens/dc1/1`, 'x'));
  await t.notThrowsAsync(dc2('put', `${root}/clusters/dc2`, 'x'));
  await t.notThrowsAsync(dc2('get', '--prefix', `${root}/clusters/`));
  await t.throwsAsync(dc2('put', `${root}/clusters/dc1`, 'x'), { message: /permission denied/ });
  await t.throwsAsync(dc2('get', `${root}/tokens/dc1/1`), { message: /permission denied/ });
  await t.throwsAsync(dc1('put', '/elsewhere', 'x'), { message: /permission denied/ });
  const stranger = etcdctl(shared, url, ['--cacert', tls('ca.crt'), '--dial-timeout', '2s']);
  await t.throwsAsync(stranger('--command-timeout', '2s', 'get', `${root}/clusters/dc1`));
  t.is((await program('users', 'first')).code, 0, 'again, it changes nothing');
});

for (const [name, rights] of [
  ['dc1', ['admit', 'policies', 'grants']],
  ['dc2', []],
] as const) {
  test(`${name} is permitted what \`isthmus registry prepare\` permits`, async (t) => {
    const cluster = parseClusterName(name);
    const ought = permissionsOf({ federation: parseFederationName('acme'), cluster, rights });
    const answer = JSON.parse(await asRoot()('role', 'get', name, '-w', 'json'));
    const is = (answer.perm as Granted[]).map(permissionFrom);
    const others = [name, 'dc3', '@'].flatMap((of) => [
      ...ownKeys.map((kind) => `${kind}/${of}`),
      ...ownFolders.map((kind) => `${kind}/${of}/1`),
    ]);
    for (const key of [
      ...others,
      `tokens/${name}/1`,
      'tokens/dc3/1',
      'grants/policy',
      'later/dc3',
    ]) {
      for (const verb of ['read', 'write'] as const) {
        const text = `/isthmus/v1/acme/${key}`;
        t.is(permits(is, verb, text), permits(ought, verb, text), `${verb} ${key}`);
      }
    }
  });
}

/** As etcdctl prints a permission: what is 0 or empty is left out, and keys are base64. */
interface Granted {
  readonly permType?: number;
  readonly key: string;
  readonly range_end?: string;
}

function permissionFrom({ permType = 0, key, range_end = '' }: Granted): Permission {
  const text = (base64: string) => Buffer.from(base64, 'base64').toString();
  const type = (['Read', 'Write', 'Readwrite'] as const)[permType] ?? 'Read';
  return { type, key: text(key), end: text(range_end) };
}

test('the certificate of a client is no good at the port of members', async (t) => {
  const credentials = async (cert: string, key: string) => ({
    ca: await readFile(tls('ca.crt')),
    cert: await readFile(cert),
    key: await readFile(key),
  });
  const member = await credentials(tls('member.crt'), tls('member.key'));
  t.regex(await askPeer(member), /^HTTP\/1\.1 /);
  const client = await credentials(join(dir, 'dc1.cert'), join(dir, 'dc1.key'));
  t.is(await askPeer(client), '');
});

test('a snapshot goes to S3, and brings the cluster back', async (t) => {
  const dc1 = await as('dc1');
  await dc1('put', '/isthmus/v1/acme/clusters/dc1', 'before');
  const { code, stderr } = await program('backup', 'first');
  t.is(code, 0, stderr);
  const [snapshot = ''] = (await readdir(aws.folder)).filter((name) => name.endsWith('.db'));
  t.regex(snapshot, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db$/);
  await dc1('put', '/isthmus/v1/acme/clusters/dc1', 'after');

  t.is((await program('restore', 'first', join(aws.folder, snapshot))).code, 1, 'etcd runs');
  await etcd.stop();
  const restored = await program('restore', 'first', join(aws.folder, snapshot));
  t.is(restored.code, 0, restored.stderr);
  await startMember();
  t.regex(await dc1('get', '/isthmus/v1/acme/clusters/dc1'), /before/);
});

/** The first of what the peers' port says to a request; nothing where it hangs up. */
function askPeer(credentials: {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: peerPort, ...credentials });
    let said = '';
    socket.on('data', (octets) => {
      said += octets;
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(said));
    socket.write('GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  });
}
