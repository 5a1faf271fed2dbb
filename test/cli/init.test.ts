/** Specifies `isthmus init`: a configuration that a gateway takes as it is. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../gateway/control/config/config.ts';
import { Enterprise } from '../certs/enterprise-files.ts';
import { tempDir } from '../support/temp-dir.ts';
import { isthmus } from './command.ts';

const names = ['--cluster', 'dc1', '--federation', 'acme', '--region', 'us-east'];

test('a founding cluster hosts the registry', async (t) => {
  const dir = await tempDir(t);
  const where = ['--advertise', 'gw.dc1.example', '--dir', dir];
  const args = ['init', ...names, '--zone', 'us-east-1a', '--found', ...where];
  const { code, stderr, stdout } = await isthmus(args);
  const path = join(dir, 'gateway.yaml');
  t.is(stdout, `${path}\n`);
  t.is(stderr, `Next: isthmus gateway -c ${path}\n`);
  t.is(code, 0);
  const config = await loadConfig(path);
  t.like(config, { cluster: 'dc1', federation: 'acme', region: 'us-east', zone: 'us-east-1a' });
  t.deepEqual(config.registry, {
    embedded: { listen: '0.0.0.0:7379', advertise: 'gw.dc1.example:7379' },
  });
  t.deepEqual(config.advertise, {
    eastWest: ['gw.dc1.example:7443'],
    federation: ['gw.dc1.example:7444'],
  });
});

test('without being told, it advertises an address of this machine', async (t) => {
  const cwd = await tempDir(t);
  t.is((await isthmus(['init', ...names], { cwd })).code, 0);
  const [address = ''] = (await loadConfig(join(cwd, 'gateway.yaml'))).advertise.eastWest ?? [];
  const own = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  t.true(
    own.some((found) => `${found.address}:7443` === address),
    `${address}`,
  );
});

test('an IPv6 address is advertised in brackets; what is no host is refused', async (t) => {
  const cwd = await tempDir(t);
  t.is((await isthmus(['init', ...names, '--advertise', '2001:db8::1'], { cwd })).code, 0);
  const config = await loadConfig(join(cwd, 'gateway.yaml'));
  t.deepEqual(config.advertise.eastWest, ['[2001:db8::1]:7443']);
  const refused = await isthmus(['init', ...names, '--force', '--advertise', 'gw:7443'], { cwd });
  t.regex(refused.stderr, /NAME_INVALID.*\n.*without a port/);
  t.is(refused.code, 65);
  const wildcard = await isthmus(['init', ...names, '--force', '--advertise', '0.0.0.0'], { cwd });
  t.regex(wildcard.stderr, /NAME_INVALID.*nobody can dial it/);
  t.is(wildcard.code, 65);
});

test("the enterprise's authority is tried before anything is written, and is in the configuration", async (t) => {
  const cwd = await tempDir(t);
  const enterprise = await Enterprise.at(t);
  const { certificate, key } = await enterprise.make({ name: 'root', kind: 'P-256' });
  const init = ['init', ...names, '--ca-cert', certificate];
  const alone = await isthmus(init, { cwd });
  t.regex(alone.stderr, /^error KEY_UNREADABLE: There is no private key in PEM/);
  t.is(alone.code, 65);
  t.is((await isthmus(['init', ...names, '--ca-key', key], { cwd })).code, 64);
  await t.throwsAsync(readFile(join(cwd, 'gateway.yaml')), { code: 'ENOENT' });
  t.is((await isthmus([...init, '--ca-key', key], { cwd })).code, 0);
  t.deepEqual((await loadConfig(join(cwd, 'gateway.yaml'))).ca, { certificate, key });
});

test('another cluster has no registry until it joins, and is told how', async (t) => {
  const cwd = await tempDir(t);
  const { stderr } = await isthmus(['init', ...names], { cwd });
  t.regex(stderr, /isthmus join --token-file FILE/);
  t.is((await loadConfig(join(cwd, 'gateway.yaml'))).registry, undefined);
});

test('flags say where it listens, a port alone keeps the host, and what is advertised follows', async (t) => {
  const cwd = await tempDir(t);
  const flags =
    '--found --advertise gw.example --listen-outbound 127.0.0.1:8080 --listen-east-west 8443 --listen-federation 10.0.0.1:8444 --listen-admin unix:/run/isthmus.sock --listen-registry 8379 --advertise-federation public.example:443';
  t.is((await isthmus(['init', ...names, ...flags.split(' ')], { cwd })).code, 0);
  const config = await loadConfig(join(cwd, 'gateway.yaml'));
  t.deepEqual(config.listen, {
    outbound: '127.0.0.1:8080',
    eastWest: '0.0.0.0:8443',
    federation: '10.0.0.1:8444',
    admin: 'unix:/run/isthmus.sock',
    outboundProxyProtocol: false,
    eastWestProxyProtocol: false,
  });
  t.deepEqual(config.advertise, {
    eastWest: ['gw.example:8443'],
    federation: ['public.example:443'],
  });
  t.deepEqual(config.registry, {
    embedded: { listen: '0.0.0.0:8379', advertise: 'gw.example:8379' },
  });
});

for (const [flags, says] of [
  ['--listen-outbound nowhere', /^error CONFIG_INVALID: --listen-outbound can't be "nowhere"/],
  [
    '--listen-east-west 70000',
    /^error CONFIG_INVALID: --listen-east-west can't be "0\.0\.0\.0:70000"/,
  ],
  [
    '--advertise-east-west 0.0.0.0:7443',
    /^error CONFIG_INVALID: --advertise-east-west .*nobody can dial a wildcard/,
  ],
  [
    '--listen-federation 0',
    /^error CONFIG_INVALID: --advertise-federation .*port 0 can not be dialed/,
  ],
  ['--listen-admin 0.0.0.0:7001', /^error ADMIN_EXPOSED: /],
] as const) {
  test(`${flags} is refused, and nothing is written`, async (t) => {
    const cwd = await tempDir(t);
    const line = ['init', ...names, '--advertise', 'gw.example', ...flags.split(' ')];
    const { code, stderr } = await isthmus(line, { cwd });
    t.regex(stderr, says);
    t.not(code, 0);
    await t.throwsAsync(readFile(join(cwd, 'gateway.yaml')), { code: 'ENOENT' });
  });
}

test('names that YAML would read as something else stay names', async (t) => {
  const cwd = await tempDir(t);
  const args = [
    'init',
    '--cluster',
    '1',
    '--federation',
    'null',
    '--region',
    'true',
    '--zone',
    '0x1',
  ];
  t.is((await isthmus(args, { cwd })).code, 0);
  const config = await loadConfig(join(cwd, 'gateway.yaml'));
  t.like(config, { cluster: '1', federation: 'null', region: 'true', zone: '0x1' });
});

test('a file that is there is replaced only with --force', async (t) => {
  const cwd = await tempDir(t);
  const path = join(cwd, 'gateway.yaml');
  await isthmus(['init', ...names], { cwd });
  const before = await readFile(path, 'utf8');
  const refused = await isthmus(['init', ...names, '--found'], { cwd });
  t.regex(
    refused.stderr,
    /^error FILE_UNWRITABLE: .*there already \(gateway\.yaml\)\n {2}fix: Add --force/,
  );
  t.is(refused.code, 1);
  t.is(await readFile(path, 'utf8'), before);
  t.is((await isthmus(['init', ...names, '--found', '--force'], { cwd })).code, 0);
  t.not(await readFile(path, 'utf8'), before);
});

for (const [option, value] of [
  ['--cluster', 'DC_1'],
  ['--federation', 'acme..corp'],
  ['--region', 'us east'],
  ['--zone', '-a'],
] as const) {
  test(`${option} ${JSON.stringify(value)} is not a name`, async (t) => {
    const cwd = await tempDir(t);
    const { code, stderr } = await isthmus(['init', ...names, `${option}=${value}`], { cwd });
    t.regex(stderr, /^error NAME_INVALID/);
    t.is(code, 65);
  });
}
