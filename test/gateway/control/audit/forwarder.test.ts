/** Specifies sending the audit on: all of it, in order, over real sockets; and what becomes of it while a receiver is away. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { AuditTrail } from '../../../../gateway/control/audit/trail.ts';
import { auditSchema } from '../../../../gateway/control/config/audit.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { draft } from './draft.ts';

async function trail(t: ExecutionContext, dir: string, audit: object, clock = systemClock) {
  const config = {
    ...{ cluster: 'dc1', gateway: 'g1', baseDir: dir, dataDir: join(dir, 'data') },
    audit: auditSchema.parse(audit),
  } as ConstructorParameters<typeof AuditTrail>[0]['config'];
  const made = new AuditTrail({ config, clock, random: () => 1, log: silentLog });
  await made.open();
  t.teardown(() => made.close());
  return made;
}

function record(to: AuditTrail, ...names: readonly string[]): Promise<unknown> {
  return Promise.all(names.map((who) => to.record({ ...draft, who })));
}

/** A webhook on this machine that answers with what it is told to. */
async function receiver(t: ExecutionContext, pems?: PemFolder) {
  const state = { status: 204 };
  const seen: { headers: IncomingHttpHeaders; who: string[] }[] = [];
  const pair = pems?.issue(['localhost']);
  const server =
    pair === undefined
      ? createHttpServer()
      : createHttpsServer({
          cert: pair.certificate.toString(),
          key: pair.key.export({ type: 'pkcs8', format: 'pem' }),
        });
  server.on('request', async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const { entries } = JSON.parse(text) as { entries: { who: string }[] };
    seen.push({ headers: request.headers, who: entries.map(({ who }) => who) });
    response.writeHead(state.status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const names = () => seen.flatMap(({ who }) => who);
  return { state, seen, names, port };
}

test('a webhook is sent each entry in order over verified TLS, with its token, which is in no entry', async (t) => {
  const dir = await tempDir(t);
  const pems = new PemFolder(dir);
  await pems.ca();
  await pems.put('token', 'hush-hush\n');
  const { seen, names, port } = await receiver(t, pems);
  const url = `https://localhost:${port}/audit`;
  const webhook = { url, tokenFile: 'token', ca: 'ca.pem' };
  const made = await trail(t, dir, { webhook });
  await record(made, 'a', 'b', 'c');
  await until('all three to be there', () => names().length === 3);
  t.deepEqual(names(), ['a', 'b', 'c']);
  t.is(seen[0]?.headers.authorization, 'Bearer hush-hush');
  t.false(JSON.stringify(made.audit.items).includes('hush'));
  await until('them to be counted', () => made.forwarding[0]?.sent === 3);
});

test('security: a receiver that proves itself by another authority is sent nothing', async (t) => {
  const dir = await tempDir(t);
  const { seen, port } = await receiver(t, new PemFolder(await tempDir(t)));
  await new PemFolder(dir).ca();
  const clock = new ManualClock();
  const webhook = { url: `https://localhost:${port}/`, ca: 'ca.pem' };
  const made = await trail(t, dir, { webhook }, clock);
  await record(made, 'a');
  await until('it to be said', () => {
    clock.advance(60_000);
    return made.problems.length === 1;
  });
  t.is(made.problems[0]?.code, 'AUDIT_NOT_SENT');
  t.deepEqual(seen, []);
});

test('what a receiver did not take is sent again, and by the next process what this one could not send', async (t) => {
  const dir = await tempDir(t);
  const { state, names, seen, port } = await receiver(t);
  const clock = new ManualClock();
  const webhook = { url: `http://127.0.0.1:${port}/` };
  const first = await trail(t, dir, { webhook }, clock);
  await record(first, 'a');
  await until('the first', () => first.forwarding[0]?.sent === 1);
  state.status = 503;
  await record(first, 'b');
  await until('a refusal', () => seen.length === 2);
  await until('another', () => {
    clock.advance(60_000);
    return seen.length >= 3;
  });
  await first.close();
  state.status = 200;
  seen.length = 0;
  const second = await trail(t, dir, { webhook });
  await record(second, 'c');
  await until('both', () => names().includes('c'));
  t.deepEqual(names(), ['b', 'c']);
});

test('entries that are no longer kept when a receiver is back are counted as dropped', async (t) => {
  const dir = await tempDir(t);
  const { state, names, port } = await receiver(t);
  const clock = new ManualClock();
  state.status = 503;
  const webhook = { url: `http://127.0.0.1:${port}/` };
  const made = await trail(t, dir, { maxBytes: 1024 * 1024, webhook }, clock);
  const path = 'x'.repeat(500);
  for (let i = 0; i < 3_000; i++) {
    const done = made.audit.record({ ...draft, who: `${i}`, path });
    if (i % 500 === 499) await done;
  }
  state.status = 200;
  const { sent, dropped } = await until('all that is kept to be sent', () => {
    clock.advance(60_000);
    return made.forwarding.find(({ waiting }) => waiting === 0);
  });
  t.true(dropped > 500);
  t.is(sent + dropped, 3_000);
  t.is(names().at(-1), '2999');
});

for (const transport of ['tls', 'tcp'] as const) {
  test(`a syslog receiver over ${transport} gets messages with their counts of octets, and over a new connection too`, async (t) => {
    const dir = await tempDir(t);
    const pems = new PemFolder(dir);
    await pems.ca();
    const { certificate, key } = pems.issue(['localhost']);
    const sockets: Socket[] = [];
    let text = '';
    const take = (socket: Socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (piece) => {
        text += piece.toString();
      });
    };
    const pair = {
      cert: certificate.toString(),
      key: key.export({ type: 'pkcs8', format: 'pem' }),
    };
    const server = transport === 'tls' ? createTlsServer(pair, take) : createTcpServer(take);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
    });
    const { port } = server.address() as AddressInfo;
    const ca = transport === 'tls' ? { ca: 'ca.pem' } : {};
    const made = await trail(t, dir, {
      syslog: { address: `localhost:${port}`, transport, ...ca },
    });
    await record(made, 'ann');
    await until('the first', () => text.includes('"who":"ann"'));
    const count = Number(/^\d+/.exec(text)?.[0]);
    t.is(Buffer.byteLength(text.slice(`${count} `.length)), count);
    const [socket] = sockets;
    socket?.destroy();
    await until('another connection to be made, with what comes', async () => {
      await record(made, 'bea');
      return sockets.length > 1 && text.includes('"who":"bea"');
    });
  });
}

test('a syslog receiver over udp gets a datagram for each entry', async (t) => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  const seen: string[] = [];
  socket.on('message', (message) => seen.push(message.toString()));
  const address = `127.0.0.1:${socket.address().port}`;
  const syslog = { address, transport: 'udp', facility: 4 };
  const made = await trail(t, await tempDir(t), { syslog });
  await record(made, 'a', 'b');
  await until('both', () => seen.length === 2);
  t.true(seen.every((text) => text.startsWith('<38>1 ')));
});
