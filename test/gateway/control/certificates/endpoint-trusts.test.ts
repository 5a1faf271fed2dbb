/** Specifies whom to trust at endpoints: what is asked for, the files that it names, and what holds while these are no good. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { keyPemOf, pemOf } from '../../../../certs/x509.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseServiceName } from '../../../../core/names.ts';
import { EndpointTrusts } from '../../../../gateway/control/certificates/endpoint-trusts.ts';
import { type EndpointTls, endpointTlsSchema } from '../../../../policy/endpoint-tls.ts';
import { forge } from '../../../certs/forge.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';

const orders = parseServiceName('orders.shop');
const hostname = 'orders.internal';

async function scene(t: ExecutionContext) {
  const folder = new PemFolder(await tempDir(t));
  const clock = new ManualClock();
  const told: string[] = [];
  const trusts = new EndpointTrusts({
    clock,
    log: silentLog,
    changed: (service) => told.push(service),
  });
  t.teardown(() => trusts.close());
  const want = (spec: Partial<EndpointTls> | undefined) =>
    trusts.want(orders, spec && endpointTlsSchema.parse({ hostname, ...spec }));
  const file = (name: string) => join(folder.dir, name);
  const wantClient = () =>
    want({ clientCertificate: { certFile: file('gw.pem'), keyFile: file('gw.key') } });
  return { folder, clock, told, trusts, want, wantClient, file };
}

test('what reads no file holds at once: certificates in PEM, and the authorities of the system', async (t) => {
  const { folder, told, trusts, want } = await scene(t);
  const roots = pemOf(folder.authority.certificate.raw);
  want({ caCertificates: roots, subjectAltNames: ['a.internal'] });
  const names = ['a.internal'];
  t.deepEqual(trusts.of(orders), { kind: 'trust', roots, hostname, names });
  want({});
  t.deepEqual(trusts.of(orders), { kind: 'trust', roots: undefined, hostname });
  want({});
  t.is(told.length, 2);
  want(undefined);
  t.is(trusts.of(orders), undefined);
  t.deepEqual([...trusts.all()], []);
  t.is(told.length, 3);
});

test('files are read, and again when they change; while they are no good the last good ones stay, and that is told', async (t) => {
  const { folder, clock, told, trusts, want } = await scene(t);
  const path = await folder.ca();
  want({ caCertificates: path });
  t.like(trusts.of(orders), { kind: 'unusable' });
  await trusts.settled();
  const first = pemOf(folder.authority.certificate.raw);
  t.like(trusts.of(orders), { kind: 'trust', roots: first });

  await folder.put('ca.pem', 'nothing');
  clock.advance(5_000);
  await until('it to be told', () => trusts.problems.length > 0);
  t.like(trusts.problems[0], { code: 'CERT_INVALID', where: `tls of ${orders} (${path})` });
  t.like(trusts.of(orders), { kind: 'trust', roots: first });

  const next = pemOf(forge({ name: 'next', ca: true }).certificate.raw);
  await folder.put('ca.pem', next);
  clock.advance(5_000);
  await until('it to be taken up', () => trusts.problems.length === 0);
  t.like(trusts.of(orders), { kind: 'trust', roots: next });
  t.deepEqual(told, [orders, orders, orders]);
});

test('security: where other files are asked for that can not be read nobody is trusted, and what is trusted once they can be is only theirs', async (t) => {
  const { folder, clock, trusts, want, file } = await scene(t);
  want({ caCertificates: await folder.ca() });
  await trusts.settled();
  want({ caCertificates: file('other.pem') });
  await trusts.settled();
  t.like(trusts.of(orders), { kind: 'unusable' });
  t.like(trusts.problems[0], { code: 'FILE_UNREADABLE' });
  const roots = pemOf(forge({ name: 'other', ca: true }).certificate.raw);
  await folder.put('other.pem', roots);
  clock.advance(5_000);
  await until('it to be read', () => trusts.problems.length === 0);
  t.like(trusts.of(orders), { kind: 'trust', roots });
});

test('our certificate is read with its key, and renewed with it', async (t) => {
  const { folder, clock, trusts, wantClient } = await scene(t);
  await folder.make('gw', 'gateway');
  wantClient();
  await trusts.settled();
  const before = trusts.of(orders);
  const { certificate, key } = folder.issue(['gateway']);
  await folder.write('gw', { certificate, key });
  clock.advance(5_000);
  await until('it to be taken up', () => trusts.of(orders) !== before);
  t.like(trusts.of(orders), {
    credentials: { chainPem: pemOf(certificate.raw), keyPem: keyPemOf(key) },
  });
});

test('security: no problem with a key tells of its content, and what is no file is not read', async (t) => {
  const { folder, trusts, want, wantClient, file } = await scene(t);
  await folder.make('gw', 'gateway');
  await folder.put('gw.key', 'hunter2');
  wantClient();
  await trusts.settled();
  const [problem] = trusts.problems;
  t.is(problem?.code, 'KEY_UNREADABLE');
  t.false(JSON.stringify([problem, problem?.stack, trusts.of(orders)]).includes('hunter2'));
  await folder.write('gw', forge({ name: 'other' }));
  await folder.put('gw.pem', pemOf(folder.issue(['gateway']).certificate.raw));
  want(undefined);
  wantClient();
  await trusts.settled();
  t.regex(trusts.problems[0]?.message ?? '', /not that of the private key/);
  await rm(file('gw.key'));
  for (const path of ['/dev/zero', folder.dir]) {
    want({ caCertificates: path });
    await trusts.settled();
    t.regex(trusts.problems[0]?.message ?? '', /is no regular file/);
  }
});
