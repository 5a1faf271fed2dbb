/** Specifies the keys of issuers: fetched from a real server or a file, kept, fetched anew, and used while none can be had. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pemOf } from '../../../../certs/x509.ts';
import { silentLog } from '../../../../core/log.ts';
import { IssuerKeys } from '../../../../gateway/control/issuers/issuer-keys.ts';
import { authenticationOf, authenticationSchema } from '../../../../policy/authentication.ts';
import { Policies } from '../../../../policy/effective.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { startIssuer } from '../../../support/tokens.ts';
import { until } from '../../../support/until.ts';

const issuer = 'https://id.example.com';
const minute = 60_000;

async function scene(t: ExecutionContext) {
  const dir = await tempDir(t);
  const { jwks } = await startIssuer(issuer);
  const give = (response: ServerResponse): void => void response.end(jwks);
  const answers = { give, asked: 0 };
  const server = createServer((_, response) => {
    answers.asked++;
    answers.give(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  const clock = new ManualClock();
  const start = async () => {
    const told = { changes: 0 };
    const path = join(dir, 'issuer-keys.json');
    const keys = new IssuerKeys({ path, clock, log: silentLog, changed: () => told.changes++ });
    t.teardown(() => keys.close());
    await keys.recall();
    const want = (rule: object = { jwksUri: uri }) =>
      keys.follow(new Policies([policyOf({ jwtRules: [{ issuer, ...rule }] })]));
    const count = (name = `uri ${uri}`) => keys.current.get(name)?.length ?? 0;
    return { keys, told, want, count };
  };
  return { dir, jwks, answers, server, uri, clock, start };
}

function policyOf(written: object) {
  const spec = authenticationOf(authenticationSchema.parse(written));
  return { kind: 'Authentication', name: 'Authentication/shop/a', target: {}, spec } as const;
}

test('keys are fetched once for all that name them, told, and forgotten with the policy', async (t) => {
  const { answers, start } = await scene(t);
  const { keys, told, want, count } = await start();
  want();
  want();
  await until('they are there', () => count() === 1);
  t.is(told.changes, 1);
  t.is(answers.asked, 1);
  t.deepEqual(keys.problems, []);
  keys.follow(new Policies());
  t.is(count(), 0);
  t.is(told.changes, 2);
});

test('they are fetched anew after the refresh, or the max-age of the answer within bounds', async (t) => {
  const { answers, clock, jwks, start } = await scene(t);
  const { want, count } = await start();
  want();
  await until('they are there', () => count() === 1 && clock.pending === 1);
  clock.advance(5 * minute - 1);
  t.is(answers.asked, 1);
  answers.give = (response) =>
    void response.setHeader('cache-control', 'public, max-age=1').end(jwks);
  clock.advance(1);
  await until('they are fetched anew', () => answers.asked === 2 && clock.pending === 1);
  clock.advance(minute - 1);
  t.is(answers.asked, 2, 'a second is too short');
  clock.advance(1);
  await until('they are fetched anew', () => answers.asked === 3);
});

test('while the issuer is away they are used, also by the next start, until they are stale; that it is away is named', async (t) => {
  const { answers, clock, uri, start } = await scene(t);
  const first = await start();
  first.want({ jwksUri: uri, staleFor: '1h' });
  await until('they are there', () => first.count() === 1 && clock.pending === 1);
  answers.give = (response) => void response.writeHead(500).end();
  clock.advance(5 * minute);
  await until('that is seen', () => first.keys.problems.length === 1);
  t.like(first.keys.problems[0], { code: 'ISSUER_UNREACHABLE', where: uri });
  t.regex(first.keys.problems[0]?.message ?? '', /answered 500/);
  t.is(first.count(), 1);
  await first.keys.close();
  const second = await start();
  second.want({ jwksUri: uri, staleFor: '1h' });
  t.is(second.count(), 1);
  await until('that is seen', () => second.keys.problems.length === 1 && clock.pending === 1);
  clock.advance(56 * minute);
  t.is(second.count(), 0);
});

test('security: an answer that redirects, is too large, or is no set of public keys, is not taken', async (t) => {
  const { answers, jwks, start, clock } = await scene(t);
  const { keys, want, count } = await start();
  const secret = JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] });
  const wrong: readonly (readonly [RegExp, (response: ServerResponse) => void])[] = [
    [/redirect/, (response) => void response.writeHead(302, { location: '/other' }).end()],
    [/more than 262144 bytes/, (response) => void response.end(jwks + ' '.repeat(300_000))],
    [/no set of public keys/, (response) => void response.end('<html>')],
    [/no set of public keys/, (response) => void response.end(secret)],
  ];
  for (const [i, [why, give]] of wrong.entries()) {
    answers.give = give;
    if (i === 0) want();
    else clock.advance(10_000);
    await until(`${why}`, () => answers.asked === i + 1 && clock.pending === 1);
    t.regex(keys.problems[0]?.message ?? '', why);
    t.is(count(), 0);
  }
});

test('security: an issuer with a certificate of a private authority is believed by a policy that names that, and by no other', async (t) => {
  const { dir, jwks, start } = await scene(t);
  const folder = new PemFolder(dir);
  const { cert, key } = await folder.make('server', 'localhost');
  const pair = { cert: await readFile(cert), key: await readFile(key) };
  const server = createSecureServer(pair, (_, response) => void response.end(jwks));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  t.teardown(() => server.close());
  const jwksUri = `https://localhost:${(server.address() as AddressInfo).port}/keys`;
  const path = await folder.ca();
  const pem = pemOf(folder.authority.certificate.raw);
  const other = pemOf(new PemFolder('other').authority.certificate.raw);
  const { keys, want } = await start();
  for (const jwksCaCertificates of [path, pem]) {
    want({ jwksUri, jwksCaCertificates });
    await until('they are there', () => [...keys.current.values()][0]?.length === 1);
  }
  for (const jwksCaCertificates of ['system', other]) {
    want({ jwksUri, jwksCaCertificates });
    t.is(keys.current.size, 0, 'what others had is not taken');
    await until('it is not believed', () => keys.problems.length === 1);
    t.regex(
      keys.problems[0]?.message ?? '',
      /can't be had from https:.*(verify|self-signed|issuer)/,
    );
    t.is(keys.current.size, 0);
  }
  want({ jwksUri: jwksUri.replace('localhost', '127.0.0.1'), jwksCaCertificates: pem });
  await until('it is not for that name', () => /altnames/.test(keys.problems[0]?.message ?? ''));
});

test('a file is read, and again when it is another', async (t) => {
  const { dir, jwks, clock, start } = await scene(t);
  const { keys, want, count } = await start();
  const path = join(dir, 'keys.json');
  want({ jwksFile: path });
  await until('it is missed', () => keys.problems.length === 1 && clock.pending === 1);
  t.like(keys.problems[0], { code: 'FILE_UNREADABLE', where: path });
  await writeFile(path, jwks);
  clock.advance(10_000);
  await until('it is read', () => count(`file ${path}`) === 1);
  t.deepEqual(keys.problems, []);
});
