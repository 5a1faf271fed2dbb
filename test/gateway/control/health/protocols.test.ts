/** Specifies checks by the protocols that services speak, against real servers of each. */
import {
  createServer as createHttp2Server,
  createSecureServer,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import {
  Server as GrpcServer,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { keyPemOf, pemOf } from '../../../../certs/x509.ts';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { probe } from '../../../../gateway/control/health/probe.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import { checkSchema } from '../../../../policy/health-check.ts';
import { forge } from '../../../certs/forge.ts';

const { lookup } = new NameResolver({ clock: systemClock, log: silentLog });

/** Of an authority that nobody here knows. */
const { certificate, key } = forge({ name: 'self', ca: true, dnsNames: ['orders.example'] });
const pems = { cert: pemOf(certificate.raw), key: keyPemOf(key) };

async function listening(t: ExecutionContext, server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function ask(port: number, how: object) {
  const check = checkSchema.parse({ ...how, timeout: '5s' });
  return probe({ address: '127.0.0.1', port, check }, lookup);
}

test('HTTPS: the path is asked for under its host, whoever has signed the certificate', async (t) => {
  let named: string | undefined;
  const server = createHttpsServer(pems, (request, response) => {
    response.statusCode = request.headers.host === 'orders.example' ? 200 : 421;
    response.end();
  });
  server.on('secureConnection', ({ servername }) => {
    named = String(servername);
  });
  const port = await listening(t, server);
  const http = { path: '/up', host: 'orders.example', tls: true };
  t.deepEqual(await ask(port, { http }), { health: 'healthy', reason: 'GET /up answers 200' });
  t.is(named, 'orders.example');
  t.like(await ask(port, { http: { ...http, host: 'other.example' } }), { health: 'unhealthy' });
  t.like(await ask(port, { http: { path: '/up' } }), { health: 'unhealthy' });
});

test('what answers a check by HTTP/1.1 in HTTP/2 is told from what fails', async (t) => {
  const port = await listening(t, createHttp2Server());
  t.deepEqual(await ask(port, { http: { path: '/' } }), {
    health: 'unhealthy',
    reason: 'It answers in HTTP/2: check it with `version: 2`, or as `grpc`',
  });
});

for (const tls of [false, true]) {
  test(`HTTP/2 ${tls ? 'over TLS' : 'by prior knowledge'}`, async (t) => {
    const server = tls ? createSecureServer(pems) : createHttp2Server();
    server.on('stream', (stream: ServerHttp2Stream, head) => {
      const isRight = head[':path'] === '/up' && head[':authority'] === 'orders.example';
      stream.respond({ ':status': isRight ? 204 : 404, 'x-isthmus-degraded': 'true' });
      stream.end();
    });
    const port = await listening(t, server);
    const http = { path: '/up', host: 'orders.example', version: 2, tls };
    t.like(await ask(port, { http }), { health: 'degraded' });
    t.deepEqual(await ask(port, { http: { ...http, path: '/down' } }), {
      health: 'unhealthy',
      reason: 'GET /down answers 404',
    });
  });
}

const octets = (value: Buffer) => value;

/** A gRPC server whose health is that of `services`, by name. */
async function startHealth(t: ExecutionContext, services: Readonly<Record<string, number>>) {
  const server = new GrpcServer();
  const method = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: octets,
    requestDeserialize: octets,
    responseSerialize: octets,
    responseDeserialize: octets,
  } as const;
  server.addService(
    { Check: method },
    {
      Check({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        const state = services[request.subarray(2).toString()];
        if (state === undefined) answer({ code: status.NOT_FOUND, details: 'no such service' });
        else answer(null, Buffer.from(state === 0 ? [] : [0x08, state]));
      },
    },
  );
  const bind = (settle: (error: Error | null, port: number) => void) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), settle);
  t.teardown(() => server.forceShutdown());
  return new Promise<number>((resolve, reject) =>
    bind((error, port) => (error ? reject(error) : resolve(port))),
  );
}

test('gRPC: whoever serves is healthy, and everything else says why not', async (t) => {
  const port = await startHealth(t, { '': 1, 'shop.Orders': 1, 'shop.Carts': 2, 'shop.New': 0 });
  for (const [service, health, reason] of [
    ['', 'healthy', 'Health/Check says SERVING'],
    ['shop.Orders', 'healthy', 'Health/Check says SERVING'],
    ['shop.Carts', 'unhealthy', 'Health/Check says NOT_SERVING'],
    ['shop.New', 'unhealthy', 'Health/Check says UNKNOWN'],
    ['shop.Gone', 'unhealthy', 'Health/Check ends with gRPC status 5: no such service'],
  ] as const) {
    t.deepEqual(await ask(port, { grpc: { service } }), { health, reason });
  }
});

test('what speaks no HTTP/2, or nothing, is unhealthy', async (t) => {
  const server = createHttpsServer(pems, (_, response) => void response.end());
  const port = await listening(t, server);
  for (const how of [{ grpc: {} }, { grpc: { tls: true } }, { http: { path: '/', version: 2 } }]) {
    t.like(await ask(port, how), { health: 'unhealthy' });
  }
});

for (const wrong of [
  { http: { path: '/' }, grpc: {} },
  { http: { path: '/', version: 3 } },
  { grpc: { service: 7 } },
  { grpc: true },
  {},
]) {
  test(`a check of ${JSON.stringify(wrong)} is refused`, (t) => {
    t.false(checkSchema.safeParse(wrong).success);
  });
}
