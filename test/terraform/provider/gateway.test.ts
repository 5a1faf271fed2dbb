/** Specifies asking a gateway: which one and as whom, again where that may help, and what is said where it does not. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import type { FastifyInstance } from 'fastify';
import { keyPemOf, makeSelfSigned, pemOf } from '../../../certs/x509.ts';
import { parseAdminAddress } from '../../../cli/admin-address.ts';
import { AdminClient } from '../../../cli/admin-client.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { installProblems } from '../../../gateway/control/api/problems.ts';
import {
  configurationAttributes,
  configurationFaults,
  connect,
} from '../../../terraform/provider/connection/configuration.ts';
import { Gateway } from '../../../terraform/provider/connection/gateway.ts';
import { diagnosticsOf } from '../../../terraform/provider/diagnostics.ts';
import { valuesOf } from '../../../terraform/provider/schema/attribute.ts';
import { Session } from '../../../terraform/provider/session.ts';
import { unknown, type ValueMap } from '../../../terraform/provider/values/value.ts';
import { adminAt } from '../../cli/admin-at.ts';
import { tempDir } from '../../support/temp-dir.ts';

const stopped = new AbortController().signal;

/** What a test says nothing of. */
const warn = () => {};

function identity() {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = makeSelfSigned({ dnsName: 'localhost', key, now: Date.now() });
  return { key: keyPemOf(key), certificate: pemOf(certificate) };
}

async function gatewayAt(
  t: Pick<ExecutionContext, 'teardown'>,
  install: (app: FastifyInstance) => void,
  { retries = 3, version = '0.2.0' } = {},
): Promise<Gateway> {
  const { ISTHMUS_ADMIN } = await adminAt(t, (app) => {
    installProblems(app, { error() {} } as never);
    install(app);
  });
  const client = new AdminClient(parseAdminAddress(ISTHMUS_ADMIN), 5_000);
  // Chance says: wait the least.
  return new Gateway(client, { retries, version, random: () => -1, stopped, warn });
}

const block = (given: ValueMap): ValueMap => ({
  ...valuesOf(configurationAttributes, () => null),
  ...given,
});

for (const code of ['REGISTRY_UNAVAILABLE', 'RATE_LIMITED', 'NOT_READY', 'DRAINING'] as const) {
  test(`${code} may pass: it is asked again`, async (t) => {
    let asked = 0;
    const gateway = await gatewayAt(t, (app) =>
      app.get('/v1/thing', async () => {
        if (++asked < 3) throw new IsthmusError(code, { what: 'Not now' });
        return { asked };
      }),
    );
    t.deepEqual((await gateway.get('/v1/thing')).value, { asked: 3 });
  });
}

test('what will not pass is not asked again', async (t) => {
  let asked = 0;
  const gateway = await gatewayAt(t, (app) =>
    app.get('/v1/thing', async () => {
      asked++;
      throw new IsthmusError('FORBIDDEN', { what: 'Not for you' });
    }),
  );
  await t.throwsAsync(gateway.get('/v1/thing'), { code: 'FORBIDDEN' });
  t.is(asked, 1);
});

for (const [method, times] of [
  ['PUT', 2],
  ['POST', 1],
] as const) {
  test(`a ${method} whose answer was lost is sent ${times === 1 ? 'once: it may have made something' : 'again'}`, async (t) => {
    let asked = 0;
    const server = createServer((request, response) => {
      if (++asked === 1) request.socket.destroy();
      else response.setHeader('etag', '"a"').end('{"done":true}');
    });
    t.teardown(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = new AdminClient(parseAdminAddress(`http://127.0.0.1:${port}`));
    const gateway = new Gateway(client, {
      retries: 1,
      version: '0.2.0',
      random: () => -1,
      warn,
      stopped,
    });
    const done = gateway.send(method, '/v1/thing', {});
    if (method === 'PUT') t.deepEqual(await done, { value: { done: true }, etag: '"a"' });
    else await t.throwsAsync(done, { code: 'ADMIN_UNREACHABLE' });
    t.is(asked, times);
  });
}

test('a gateway that says that others took too long is not lost itself', async (t) => {
  const gateway = await gatewayAt(
    t,
    (app) => {
      app.get('/v1/slow', async () => {
        throw new IsthmusError('TIMED_OUT', { what: 'The other side did not answer' });
      });
      app.get('/v1/thing', async () => ({ is: 'here' }));
    },
    { retries: 0 },
  );
  await t.throwsAsync(gateway.get('/v1/slow'), { code: 'TIMED_OUT' });
  t.deepEqual((await gateway.get('/v1/thing')).value, { is: 'here' });
});

test('who is told that the gateway can not be reached is told once', async (t) => {
  const config = block({ address: 'unix:/nowhere/admin.sock', retries: 0 });
  const gateway = await connect(config, {}, stopped);
  const told = await Promise.allSettled([1, 2, 3].map(() => gateway.get('/v1/status')));
  const summaries = told.map(
    (one) => one.status === 'rejected' && diagnosticsOf(one.reason)[0]?.summary,
  );
  t.deepEqual(summaries, ['Gateway admin API unreachable', 'Not done', 'Not done']);
});

test('a stop ends the waiting between two tries', async (t) => {
  const stop = new AbortController();
  const config = block({ address: 'unix:/nowhere/admin.sock', retries: 20 });
  const gateway = await connect(config, {}, stop.signal);
  const asked = gateway.get('/v1/status');
  stop.abort();
  await t.throwsAsync(asked, { code: 'ADMIN_UNREACHABLE' });
});

for (const [what, version, advice] of [
  [
    'an old gateway',
    '0.1.4',
    /the gateway runs Isthmus 0\.1\.4, which has no \/v1\/news; this provider is 0\.2\.0/,
  ],
  ['a gateway of the same version', '0.2.0', /^The admin API has no GET \/v1\/news$/],
  ['a younger gateway', '0.10.0', /^The admin API has no GET \/v1\/news$/],
] as const) {
  test(`${what} that does not know what it is asked is told of as what it is`, async (t) => {
    const gateway = await gatewayAt(t, (app) => app.get('/v1/status', async () => ({ version })));
    await t.throwsAsync(gateway.get('/v1/news'), { code: 'ROUTE_NOT_FOUND', message: advice });
  });
}

for (const [what, given, env, authorization] of [
  ['its own', { token: 'own' }, { ISTHMUS_ADMIN_TOKEN: 'env' }, 'Bearer own'],
  ['that of the environment', {}, { ISTHMUS_ADMIN_TOKEN: 'env' }, 'Bearer env'],
  ['none', {}, {}, undefined],
] as const) {
  test(`the token is ${what}`, async (t) => {
    let shown: string | undefined;
    const { ISTHMUS_ADMIN } = await adminAt(t, (app) =>
      app.get('/v1/thing', async ({ headers }) => {
        shown = headers.authorization;
        return {};
      }),
    );
    const gateway = await connect(block({ ...given }), { ...env, ISTHMUS_ADMIN }, stopped);
    await gateway.get('/v1/thing');
    t.is(shown, authorization);
  });
}

test('a token and PEM files are read; one that can not be is told at its attribute', async (t) => {
  const file = join(await tempDir(t), 'token');
  await writeFile(file, 'from-file\n');
  await t.notThrowsAsync(connect(block({ token_file: file, ca_file: file }), {}, stopped));
  const thrown = await t.throwsAsync(connect(block({ key_file: '/nowhere' }), {}, stopped));
  t.deepEqual(
    diagnosticsOf(thrown).map(({ at }) => at),
    [[{ attribute: 'key_file' }]],
  );
});

test('by its client certificate it is known to a gateway that asks for one, whose own it verifies', async (t) => {
  const [theirs, own] = [identity(), identity()];
  const server = createSecureServer(
    { key: theirs.key, cert: theirs.certificate, ca: own.certificate, requestCert: true },
    (request, response) => {
      const { authorized } = request.socket as TLSSocket;
      response.end(JSON.stringify({ authorized }));
    },
  );
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const address = `https://localhost:${port}`;
  const shown = { cert_pem: own.certificate, key_pem: own.key, ca_pem: theirs.certificate };
  const gateway = await connect(block({ address, ...shown }), {}, stopped);
  t.deepEqual((await gateway.get('/v1/session')).value, { authorized: true });

  const wary = await connect(block({ address, ca_pem: own.certificate, retries: 3 }), {}, stopped);
  await t.throwsAsync(wary.get('/v1/session'), {
    code: 'ADMIN_UNREACHABLE',
    message: /certificate is not trusted/,
  });
});

test('a session whose provider is not known yet says so only to those who ask', async (t) => {
  const session = new Session({});
  await t.notThrowsAsync(session.configure(block({ address: unknown })));
  const [told] = diagnosticsOf(await t.throwsAsync(session.gateway()));
  t.is(told?.summary, 'Gateway not known yet');
});

test('a context of the command is a gateway; one that is not there is told with what there is to do', async (t) => {
  const ISTHMUS_CONFIG = join(await tempDir(t), 'config.yaml');
  await writeFile(ISTHMUS_CONFIG, 'contexts: { dc1: { admin: "unix:/run/dc1.sock" } }\n');
  await t.notThrowsAsync(connect(block({ context: 'dc1' }), { ISTHMUS_CONFIG }, stopped));
  await t.throwsAsync(connect(block({ context: 'dc9' }), { ISTHMUS_CONFIG }, stopped), {
    code: 'CONTEXT_NOT_FOUND',
  });
});

test('what is known only after an apply is asked for by name', async (t) => {
  const thrown = await t.throwsAsync(connect(block({ address: unknown }), {}, stopped));
  const [told] = diagnosticsOf(thrown);
  t.is(told?.summary, 'Gateway not known yet');
  t.deepEqual(told?.at, [{ attribute: 'address' }]);
});

for (const [given, at] of [
  [{ address: 'ftp://x' }, 'address'],
  [{ address: 'http://x', context: 'dc1' }, 'context'],
  [{ token: 'a', token_file: 'b' }, 'token_file'],
  [{ cert_file: 'a' }, 'cert_file'],
  [{ retries: -1 }, 'retries'],
  [{ retries: 1.5 }, 'retries'],
  [{ timeout: 'soon' }, 'timeout'],
  [{ address: unknown, retries: unknown, timeout: unknown, token: unknown }, undefined],
  [
    { address: 'https://x:7001', cert_pem: 'a', key_file: 'b', retries: 0, timeout: '1m' },
    undefined,
  ],
] as const) {
  const text = JSON.stringify(given, (_, value) => (value === unknown ? 'not known' : value));
  test(`of ${text} ${at ?? 'nothing'} is wrong`, (t) => {
    t.deepEqual(
      configurationFaults(block(given)).map((one) => one.at),
      at === undefined ? [] : [[{ attribute: at }]],
    );
  });
}
