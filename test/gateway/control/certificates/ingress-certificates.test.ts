/** Specifies the ingress's certificates on disk: what is read, what is refused, and how changes are taken. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { pemOf } from '../../../../certs/x509.ts';
import { createLog } from '../../../../core/log.ts';
import { IngressCertificates } from '../../../../gateway/control/certificates/ingress-certificates.ts';
import {
  ingressCertificates,
  unreachableRoutes,
  unservedTargets,
} from '../../../../gateway/control/check/ingress.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';

const day = 24 * 3600_000;

interface Scene {
  readonly folder: PemFolder;
  readonly clock: ManualClock;
  /** What was logged. */
  readonly lines: readonly string[];
  open(ingress: string): Promise<IngressCertificates>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const folder = new PemFolder(await tempDir(t));
  const clock = new ManualClock();
  const lines: string[] = [];
  const destination = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  return {
    folder,
    clock,
    lines,
    async open(yaml) {
      const text = `cluster: dc1\nfederation: acme\nregion: eu\ningress:\n  - listen: 127.0.0.1:0\n${yaml}`;
      const { ingress, baseDir } = parseConfig(text, join(folder.dir, 'gateway.yaml'));
      const log = createLog({ destination });
      const certificates = await IngressCertificates.open({ ingress, baseDir, clock, log });
      t.teardown(() => certificates.stop());
      return certificates;
    },
  };
}

const www = '    certificates: [{ cert: www.pem, key: www.key }]\n';
const hostsOf = ({ current }: IngressCertificates) =>
  current.map(({ certificates }) => certificates.map(({ hosts }) => hosts));

test('a certificate is for the DNS names in it', async (t) => {
  const { folder, open } = await scene(t);
  await folder.make('www', 'www.example.com', '*.Shop.example.com');
  t.deepEqual(hostsOf(await open(www)), [[['www.example.com', '*.shop.example.com']]]);
});

test('or for the hosts that the configuration says', async (t) => {
  const { folder, open } = await scene(t);
  await folder.make('www');
  const certificates = await open(
    '    certificates: [{ cert: www.pem, key: www.key, hosts: [a.example], default: true }]\n',
  );
  t.deepEqual(hostsOf(certificates), [[['a.example']]]);
  t.true(certificates.current[0]?.certificates[0]?.isDefault);
});

test('authorities of client certificates are read', async (t) => {
  const { folder, open } = await scene(t);
  await folder.make('www', 'www.example.com');
  await folder.ca();
  const { current } = await open(`${www}    clientCertificates: { ca: ca.pem }\n`);
  t.is(current[0]?.clientCa, pemOf(folder.authority.certificate.raw));
});

const refusals: Record<
  string,
  readonly [spoil: (folder: PemFolder) => Promise<unknown>, code: string, what: RegExp]
> = {
  'a certificate that is not there': [
    ({ dir }) => rm(join(dir, 'www.pem')),
    'FILE_UNREADABLE',
    /www\.pem/,
  ],
  'a file without a certificate': [
    (folder) => folder.put('www.pem', 'nothing\n'),
    'CERT_INVALID',
    /no certificate/,
  ],
  'a certificate cut short': [
    (folder) =>
      folder.put('www.pem', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'),
    'CERT_INVALID',
    /Certificate 1 of the file/,
  ],
  'a file without a key': [
    (folder) => folder.put('www.key', 'nothing\n'),
    'KEY_UNREADABLE',
    /no private key/,
  ],
  'the key of another certificate': [
    async (folder) => {
      const { key } = folder.issue(['www.example.com']);
      await folder.write('www', { key, certificate: folder.issue(['a.example']).certificate });
    },
    'CERT_INVALID',
    /not that of the private key/,
  ],
  'a certificate without names': [(folder) => folder.make('www'), 'CERT_INVALID', /no DNS names/],
};

for (const [situation, [spoil, code, what]] of Object.entries(refusals)) {
  test(`${situation}: ${code}, and where it is`, async (t) => {
    const { folder, open } = await scene(t);
    await folder.make('www', 'www.example.com');
    await spoil(folder);
    const error = await t.throwsAsync(open(www), { code, message: what });
    t.like(error, { where: 'ingress.0.certificates.0 (www.pem)' });
  });
}

test('a file that changes is read again, and those who asked are told', async (t) => {
  const { folder, clock, open } = await scene(t);
  await folder.make('www', 'old.example.com');
  const certificates = await open(www);
  const told: string[] = [];
  certificates.onChange(([first]) => told.push(...(first?.certificates[0]?.hosts ?? [])));
  await certificates.look();
  t.deepEqual(told, []);
  await folder.make('www', 'new.example.com');
  clock.advance(5_000);
  await until('the new one to be read', () => told.includes('new.example.com'));
  t.deepEqual(hostsOf(certificates), [[['new.example.com']]]);
});

test('a new file that is no good: the last good one stays, the log says so, and a good one heals it', async (t) => {
  const { folder, lines, open } = await scene(t);
  await folder.make('www', 'old.example.com');
  const certificates = await open(www);
  const told: unknown[] = [];
  certificates.onChange((current) => told.push(current));
  await folder.put('www.pem', 'broken');
  await certificates.look();
  await certificates.look();
  t.deepEqual(hostsOf(certificates), [[['old.example.com']]]);
  t.deepEqual(told, []);
  t.is(lines.filter((line) => line.includes('the last good one stays')).length, 1);
  t.is(certificates.states[0]?.problem?.code, 'CERT_INVALID');
  await folder.make('www', 'new.example.com');
  await certificates.look();
  t.deepEqual(hostsOf(certificates), [[['new.example.com']]]);
  t.is(certificates.states[0]?.problem, undefined);
});

test('no key is ever logged', async (t) => {
  const { folder, lines, open } = await scene(t);
  await folder.make('www', 'old.example.com');
  const certificates = await open(www);
  const { key } = folder.issue(['new.example.com']);
  const secret = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  await folder.put('www.key', secret.slice(0, -40));
  await certificates.look();
  await folder.put('www.pem', 'broken');
  await certificates.look();
  t.is(lines.length, 2);
  t.false(lines.join('').includes(secret.slice(40, 60)));
});

test('one that has expired is used, and warned of', async (t) => {
  const { folder, lines, clock, open } = await scene(t);
  await folder.write('www', folder.issue(['a.example'], { notAfter: Date.now() - 1_000 }));
  const { states } = await open(www);
  t.true(lines.some((line) => line.includes('certificate has expired')));
  t.like(ingressCertificates(states, clock.now())[0], {
    level: 'error',
    code: 'INGRESS_CERT_EXPIRED',
    where: 'ingress.0.certificates.0 (www.pem)',
  });
});

const lives: Record<string, readonly [leftMs: number, code: string, level: string]> = {
  'in 31 days': [31 * day, 'INGRESS_CERT_OK', 'ok'],
  'in 29 days': [29 * day, 'INGRESS_CERT_EXPIRING', 'warning'],
  'a second ago': [-1_000, 'INGRESS_CERT_EXPIRED', 'error'],
};

for (const [when, [leftMs, code, level]] of Object.entries(lives)) {
  test(`a check of a certificate that ends ${when} says ${code}`, (t) => {
    const state = { where: 'ingress.0.certificates.0 (a.pem)', notAfter: 1e12 + leftMs };
    const findings = ingressCertificates([{ ...state, problem: undefined }], 1e12);
    t.deepEqual(
      findings.map((finding) => [finding.code, finding.level]),
      [[code, level]],
    );
  });
}

test('without an ingress a check has nothing to say of it', (t) => {
  t.deepEqual(ingressCertificates([], 0), []);
});

test('a route whose host no certificate is for is warned of', async (t) => {
  const { folder, open } = await scene(t);
  await folder.make('www', '*.example.com', 'a.example.org');
  const routes = [
    'www.example.com',
    'a.example.org',
    '*.example.com',
    'b.example.org',
    'x.y.example.com',
  ];
  const list = routes.map((host) => `      - { host: "${host}", service: a.b }\n`).join('');
  const yaml = `${www}    routes:\n${list}`;
  const text = `cluster: dc1\nfederation: acme\nregion: eu\ningress:\n  - listen: 127.0.0.1:0\n${yaml}`;
  const { ingress } = parseConfig(text, 'gateway.yaml');
  const findings = unreachableRoutes(ingress, (await open(yaml)).current);
  t.deepEqual(
    findings.map(({ level, what, where }) => [level, what, where]),
    [
      ['warning', 'No certificate is for b.example.org', 'ingress.0.routes.3'],
      ['warning', 'No certificate is for x.y.example.com', 'ingress.0.routes.4'],
    ],
  );
});

test('two certificates for one name are refused, and which they are is said', async (t) => {
  const { folder, open } = await scene(t);
  await folder.make('www', 'www.example.com');
  await folder.make('other', 'other.example.com', 'www.example.com');
  const yaml = `    certificates:
      - { cert: www.pem, key: www.key }
      - { cert: other.pem, key: other.key }
`;
  await t.throwsAsync(open(yaml), {
    code: 'CERT_INVALID',
    message:
      /^Two certificates are for www\.example\.com: ingress\.0\.certificates\.0 \(www\.pem\), and this one$/,
  } as object);
  const told = `    certificates:
      - { cert: www.pem, key: www.key }
      - { cert: other.pem, key: other.key, hosts: [other.example.com] }
`;
  await t.notThrowsAsync(open(told));
});

test('what leads clients from outside to a service nobody has is warned of', (t) => {
  const text = `cluster: dc1
federation: acme
region: eu
tcp:
  - { listen: 127.0.0.1:0, service: db.shop }
ingress:
  - listen: 127.0.0.1:0
    certificates: [{ cert: www.pem, key: www.key }]
    routes:
      - { host: www.example.com, service: web.shop }
      - { host: www.example.com, path: /api, service: api.shop }
    passthrough:
      - { host: raw.example.com, service: raw.shop }
`;
  const findings = unservedTargets(
    parseConfig(text, 'gateway.yaml'),
    (service) => service === 'web.shop',
  );
  t.deepEqual(
    findings.map(({ level, code, what, where }) => [level, code, what, where]),
    [
      ['tcp.0', 'db'],
      ['ingress.0.routes.1', 'api'],
      ['ingress.0.passthrough.0', 'raw'],
    ].map(([where, name]) => [
      ...['warning', 'INGRESS_SERVICE'],
      ...[`It leads to ${name}.shop, and nobody has such a service`, where],
    ]),
  );
});
