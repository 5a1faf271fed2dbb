/** Specifies exit codes: each kind of failure has its own. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import { exitCodeOf } from '../../cli/exit.ts';
import { type ErrorCode, errorCodes } from '../../core/error-codes.ts';
import { IsthmusError } from '../../core/errors.ts';
import { PemFolder } from '../support/pem-files.ts';
import { tempDir } from '../support/temp-dir.ts';
import { adminAt } from './admin-at.ts';
import { status } from './answers.ts';
import { isthmus } from './command.ts';

const kinds = [
  ['failed', 1],
  ['not-found', 4],
  ['refused', 5],
  ['timed-out', 6],
  ['usage', 64],
  ['bad-input', 65],
] as const;

for (const [kind, code] of kinds) {
  test(`a failure of kind ${kind} ends with ${code}`, (t) => t.is(exitCodeOf(kind), code));
}

const answers: readonly (readonly [code: ErrorCode, exit: number])[] = [
  ['REGISTRY_UNAVAILABLE', 1],
  ['SERVICE_NOT_FOUND', 4],
  ['ENDPOINT_FIXED', 5],
  ['UPSTREAM_TIMED_OUT', 6],
  ['BODY_INVALID', 65],
];

for (const [code, exit] of answers) {
  test.serial(`a gateway's ${code} is told as it is and ends with ${exit}`, async (t) => {
    const error = new IsthmusError(code, {
      what: 'It went wrong',
      where: 'over there',
      fix: 'Mend it.',
    });
    const env = await adminAt(t, (app) => {
      app.get('/v1/status', (_, reply) =>
        reply
          .code(errorCodes[code].status)
          .type('application/problem+json')
          .send(error.toProblem()),
      );
    });
    const run = await isthmus(['status'], { env });
    t.is(run.stderr, `error ${code}: It went wrong (over there)\n  fix: Mend it.\n`);
    t.is(run.code, exit);
    t.is(run.stdout, '');
  });
}

test('a code that only a newer gateway knows is still told', async (t) => {
  const env = await adminAt(t, (app) => {
    app.get('/v1/status', (_, reply) =>
      reply.code(418).send({ code: 'TEAPOT', detail: 'Short and stout', fix: 'Pour.' }),
    );
  });
  const { code, stderr } = await isthmus(['status'], { env });
  t.regex(stderr, /Short and stout \(TEAPOT\)/);
  t.is(code, 1);
});

test('where no gateway answers it is ADMIN_UNREACHABLE', async (t) => {
  const { code, stderr } = await isthmus(['status', '--admin', 'http://127.0.0.1:1']);
  t.regex(
    stderr,
    /^error ADMIN_UNREACHABLE: No gateway answers: .*ECONNREFUSED.* \(http:\/\/127\.0\.0\.1:1\)\n/,
  );
  t.is(code, 1);
});

test('where TLS stands between the command and a gateway, it says which way round', async (t) => {
  const folder = new PemFolder(await tempDir(t));
  const { certificate, key } = folder.issue(['gateway.example']);
  const secure = createSecureServer({ cert: pemOf(certificate.raw), key: keyPemOf(key) });
  t.teardown(() => secure.close());
  await once(secure.listen(0, '127.0.0.1'), 'listening');
  const { port } = secure.address() as AddressInfo;
  const { ISTHMUS_ADMIN: plain } = await adminAt(t, () => {});
  for (const [admin, said, fix] of [
    [`https://127.0.0.1:${port}`, "The gateway's certificate is not trusted: ", /--ca/],
    [`http://127.0.0.1:${port}`, 'No gateway answers: ', /If it speaks TLS, name it as https:/],
    [plain.replace('http:', 'https:'), 'What answers does not speak TLS: ', /as http:/],
  ] as const) {
    const { code, stderr } = await isthmus(['status', '--admin', admin]);
    t.true(stderr.startsWith(`error ADMIN_UNREACHABLE: ${said}`), stderr);
    t.regex(stderr, fix);
    t.notRegex(stderr, /Node\.js|routines/);
    t.is(code, 1);
  }
});

test('a file that holds no token is not sent as one', async (t) => {
  const file = join(await tempDir(t), 'token');
  await writeFile(file, 'cluster: dc1\nfederation: acme\n');
  const { code, stderr } = await isthmus(['status', '--admin-token-file', file]);
  t.true(stderr.startsWith('error USAGE: The bearer token is none: '), stderr);
  t.true(stderr.includes(`(${file})`));
  t.is(code, 64);
});

test('another server in the place of a gateway is ADMIN_UNREACHABLE', async (t) => {
  const env = await adminAt(t, (app) => {
    app.get('/v1/status', (_, reply) => reply.type('text/html').send('<h1>It works</h1>'));
    app.get('/v1/clusters', (_, reply) => reply.code(404).send({ message: 'Not Found' }));
  });
  for (const args of [['status'], ['get', 'clusters']]) {
    t.regex(
      (await isthmus(args, { env })).stderr,
      /ADMIN_UNREACHABLE: What answered \(HTTP \d+\) is not/,
    );
  }
});

test('a gateway that never answers is TIMED_OUT after ten seconds', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  t.teardown(() => silent.close());
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  const { code, stderr } = await isthmus(['status', '--admin', `127.0.0.1:${port}`]);
  t.regex(stderr, /^error TIMED_OUT: The gateway did not answer within 10 s/);
  t.is(code, 6);
});

test('a Unix socket is an admin address too', async (t) => {
  const socket = join(await tempDir(t), 'admin.sock');
  const env = await adminAt(t, (app) => app.get('/v1/status', () => status), socket);
  t.is((await isthmus(['status'], { env })).code, 0);
});

const degradations = [
  [
    'a registry out of reach',
    { registry: { ...status.registry, kind: 'unavailable', reason: 'gone' } },
  ],
  ['a stale registry', { registry: { ...status.registry, stale: true } }],
  ['a problem', { problems: [{ code: 'CERT_INVALID', what: 'Expires soon', fix: 'Renew.' }] }],
  [
    'a cluster that can not be reached',
    { missing: [{ code: 'PEER_UNREACHABLE', what: 'No link to dc2', fix: 'Look.' }] },
  ],
  ['a gateway that is not ready', { ready: false, state: 'starting' }],
] as const;

for (const [what, change] of degradations) {
  test.serial(`status with ${what} ends with 3`, async (t) => {
    const env = await adminAt(t, (app) => app.get('/v1/status', () => ({ ...status, ...change })));
    const { code, stdout } = await isthmus(['status'], { env });
    t.is(code, 3);
    t.regex(stdout, /^dc1 \(us-east \/ us-east-1a\): (ready, degraded|starting)\n/);
  });
}
