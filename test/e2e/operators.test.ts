/** Specifies certificates of persons: made by the cluster's authority, taken in by clients as PKCS#12, and good for the admin API alone. */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import anyTest, { type TestFn } from 'ava';
import { Enterprise, type Pair } from '../certs/enterprise-files.ts';
import { isthmus } from '../cli/command.ts';
import { curl } from '../support/curl.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { PemFolder } from '../support/pem-files.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const scope = sharedScope(test);
const alice = 'spiffe://dc1.acme/operator/alice';
const password = 'a long password';
let folder: PemFolder;
/** The enterprise's root. */
let root: Pair;
let gateway: GatewayProcess;
let url: string;
/** What the log says when the gateway is ready. */
let ready: Readonly<Record<string, unknown>>;
/** Flags by which a command is let in as an administrator. */
let asAdmin: readonly string[];

test.before("a gateway under an enterprise's authority, whose API is on a network", async () => {
  folder = new PemFolder(await tempDir(scope));
  const enterprise = await Enterprise.at(scope);
  root = await enterprise.make({ name: 'root', kind: 'P-256' });
  const issuing = await enterprise.make({ name: 'issuing', kind: 'P-256', issuer: root });
  const tokenFile = await folder.put('admin.token', 'a-secret-of-at-least-24-characters\n');
  await folder.put('password', `${password}\n`);
  gateway = await GatewayProcess.prepare(scope, await tempDir(scope), {
    cluster: 'dc1',
    ca: issuing,
    listen: { admin: '127.0.0.1:0' },
    admin: {
      tls: { ...(await folder.make('admin', 'localhost')), clientCa: 'data/ca/ca.crt' },
      auth: {
        tokens: [{ name: 'ci', role: 'admin', tokenFile }],
        clientCertificates: [{ spiffe: alice, role: 'viewer' }],
      },
    },
  });
  gateway.spawn();
  ready = await until('it to be ready', () => gateway.logLines({ msg: 'ready' })[0]);
  url = `https://localhost:${String(ready['admin']).split(':')[1]}`;
  asAdmin = ['--admin', url, '--ca', await folder.ca(), '--admin-token-file', tokenFile];
});

function operator(name: string, ...flags: readonly string[]) {
  const file = join(folder.dir, `${name}.p12`);
  const args = ['trust', 'operator', name, '--out', file, ...flags];
  return isthmus([...args, '--password-file', join(folder.dir, 'password'), ...asAdmin]);
}

/** As whoever has the file of that name: curl takes it as browsers do. */
async function askAs(name: string, path: string, ...args: readonly string[]) {
  const config = await folder.put(
    'curl.conf',
    `cert-type = "P12"\ncert = "${join(folder.dir, name)}.p12:${password}"\ncacert = "${join(folder.dir, 'ca.pem')}"\n`,
  );
  return curl(['--config', config, ...args, `${url}${path}`]);
}

test.serial(
  'a person gets a certificate, and is let in by it as the configuration says',
  async (t) => {
    const { code, stdout, stderr } = await operator('alice', '--days', '90');
    const file = join(folder.dir, 'alice.p12');
    t.is(code, 0, stderr);
    t.is(stdout, `${file}\n`);
    const [said, ...configuration] = stderr.trimEnd().split('\n');
    t.regex(said ?? '', /^\S+, until \S+ \S+Z\. Gateways let it in where .* says as what:$/);
    const until90 = Date.now() + 90 * 86_400_000;
    t.true(Math.abs(Date.parse(said?.match(/until (\S+ \S+Z)/)?.[1] ?? '') - until90) < 60_000);
    t.deepEqual(configuration, [
      'admin:',
      '  tls: { clientCa: data/ca/ca.crt }   # beside cert and key',
      `  auth: { clientCertificates: [{ spiffe: ${alice}, role: operator }] }`,
    ]);
    t.is((await stat(file)).mode & 0o777, 0o600);
    const { body } = await askAs('alice', '/v1/session');
    t.deepEqual(JSON.parse(body), { name: alice, role: 'viewer', via: 'certificate' });
    const refused = await askAs('alice', '/v1/tokens', '--json', '{}');
    t.is(refused.status, 403);
  },
);

test.serial('one whom the configuration does not name is let in as nobody', async (t) => {
  t.is((await operator('mallory')).code, 0);
  t.is((await askAs('mallory', '/v1/session')).status, 401);
});

test.serial(
  'a file that is there, a short password and a wrong number of days are refused',
  async (t) => {
    const again = await operator('alice');
    t.regex(again.stderr, /^error FILE_UNWRITABLE: The file is there already/);
    const long = await operator('bob', '--days', '366');
    t.regex(long.stderr, /^error BODY_INVALID: .*\(days\)/);
    const args = ['trust', 'operator', 'bob', '--out', join(folder.dir, 'bob.p12')];
    const short = await isthmus([...args, '--password-file', '-', ...asAdmin], {
      stdin: 'short\n',
    });
    t.regex(short.stderr, /^error USAGE: The password has 5 characters, where 8 are the least/);
    await t.throwsAsync(readFile(join(folder.dir, 'bob.p12')), { code: 'ENOENT' });
  },
);

test.serial("a person's certificate is no gateway's: other listeners refuse it", async (t) => {
  const own = new X509Certificate(await readFile(join(gateway.dataDir, 'ca', 'ca.crt')));
  t.is(own.issuer, 'O=Corp\nCN=issuing');
  const pfx = await readFile(join(folder.dir, 'alice.p12'));
  for (const [which, line] of [
    ['eastWest', 'link refused'],
    ['federation', 'a federation connection was refused'],
  ] as const) {
    const [host, port] = String(ready[which]).split(':');
    const socket = tls.connect({
      ...{ host, port: Number(port), pfx, passphrase: password, rejectUnauthorized: false },
    });
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    const { err } = await until(`${which} to refuse it`, () => gateway.logLines({ msg: line })[0]);
    t.regex(JSON.stringify(err), /CERT_INVALID.*it is not for both ends of TLS/);
  }
});

test.serial("a tool that knows the enterprise's root alone verifies a gateway", async (t) => {
  const port = String(ready['eastWest']).split(':')[1];
  const knowing = (file: string) =>
    curl(['--verbose', '--cacert', file, `https://localhost:${port}/`]);
  // The gateway takes nobody without a certificate of a member; that comes after.
  t.regex((await knowing(root.certificate)).stderr, /SSL certificate verify ok/);
  t.regex(
    (await knowing(await folder.ca())).stderr,
    /unable to get .*issuer|self.signed certificate in/,
  );
});
