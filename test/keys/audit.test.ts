/** Specifies what each key under `audit` and `history` does, from a gateway's YAML to what is kept, and what receivers are sent. */
import { once } from 'node:events';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import anyTest, { type TestFn } from 'ava';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import type { AuditItem } from '../../gateway/control/api/answers.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const day = 24 * 3600;
let folder: PemFolder;
let pair: { readonly cert: string; readonly key: string };
let gateway: GatewayProcess;
const posted: { readonly token: string | undefined; readonly entries: AuditItem[] }[] = [];
let syslogText = '';

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  shared.teardown(() => server.close());
  return `localhost:${(server.address() as AddressInfo).port}`;
}

function take(socket: Socket): void {
  shared.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (piece) => {
    syslogText += piece.toString();
  });
}

/** A data folder in which an earlier run has filled seven files of 300 KiB, one of them two days ago. */
async function fill(dataDir: string, name: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  for (let n = 1; n <= 7; n++) {
    const path = join(dataDir, `${name}.${n}.jsonl`);
    await writeFile(path, `{"id":"0","at":0,"x":"${'x'.repeat(300 * 1024)}"}\n`);
    const at = Date.now() / 1000 - (n === 2 ? 2 * day : 0);
    await utimes(path, at, at);
  }
}

test.before('a gateway whose audit is sent to a webhook, and to syslog over TLS', async () => {
  folder = new PemFolder(await tempDir(shared));
  const ca = await folder.ca();
  const { certificate, key } = folder.issue(['localhost']);
  pair = { cert: pemOf(certificate.raw), key: keyPemOf(key) };
  const tokenFile = await folder.put('receiver.token', 'hush-hush-hush\n');
  const webhook = createHttpsServer(pair, async (request, response) => {
    const { entries } = JSON.parse(await text(request)) as { entries: AuditItem[] };
    posted.push({ token: request.headers.authorization, entries });
    response.end();
  });
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    workers: 1,
    history: { maxBytes: 1024 * 1024, maxAgeDays: 1 },
    audit: {
      maxBytes: 1024 * 1024,
      maxAgeDays: 1,
      webhook: { url: `https://${await listening(webhook)}/audit`, tokenFile, ca },
      syslog: { address: await listening(createTlsServer(pair, take)), ca, facility: 4 },
    },
  });
  await fill(gateway.dataDir, 'audit');
  await fill(gateway.dataDir, 'history');
  await gateway.start();
  await gateway.isthmusOk(['log-level', 'warn']);
});

/** The files of `name` that are left, and their bytes. */
async function keptOf(name: string) {
  const files = (await readdir(gateway.dataDir)).filter(
    (file) => file.startsWith(`${name}.`) && file.endsWith('.jsonl'),
  );
  let bytes = 0;
  for (const file of files) bytes += (await stat(join(gateway.dataDir, file))).size;
  return { files: files.sort(), isWithin: bytes <= 1024 * 1024 };
}

test('maxBytes, maxAgeDays: older files of the audit go, and what would be more than there is room for', async (t) => {
  const files = ['audit.1.jsonl', 'audit.3.jsonl', 'audit.4.jsonl', 'audit.jsonl'];
  t.deepEqual(await keptOf('audit'), { files, isWithin: true });
  proves(t, 'audit.maxBytes', 'audit.maxAgeDays');
});

test('history: maxBytes, maxAgeDays: likewise', async (t) => {
  const files = ['history.1.jsonl', 'history.3.jsonl', 'history.4.jsonl', 'history.jsonl'];
  t.deepEqual(await keptOf('history'), { files, isWithin: true });
  proves(t, 'history.maxBytes', 'history.maxAgeDays');
});

test('webhook: it is sent what was done, with its token, once it has proven itself', async (t) => {
  const [first] = await until('it to be sent', () => (posted.length > 0 ? posted : undefined));
  t.is(first?.token, 'Bearer hush-hush-hush');
  t.like(first?.entries[0], {
    ...{ operation: 'putLogLevel', via: 'local' },
    changes: [{ field: 'level', before: 'info', after: 'warn' }],
  });
  proves(t, 'audit.webhook.url', 'audit.webhook.tokenFile', 'audit.webhook.ca');
});

test('syslog: over TLS by default, of the facility that is said', async (t) => {
  await until('it to be sent', () => syslogText.includes('putLogLevel'));
  t.regex(syslogText, /^\d+ <38>1 /);
  proves(t, 'audit.syslog.address', 'audit.syslog.ca', 'audit.syslog.facility');
});

test('syslog: over TCP where that is said', async (t) => {
  const other = await GatewayProcess.prepare(t, await tempDir(t), {
    cluster: 'dc1',
    workers: 1,
    audit: { syslog: { address: await listening(createTcpServer(take)), transport: 'tcp' } },
  });
  await other.start();
  syslogText = '';
  await other.isthmusOk(['log-level', 'error']);
  await until('it to be sent', () => syslogText.includes('"after":"error"'));
  t.regex(syslogText, /^\d+ <110>1 /);
  proves(t, 'audit.syslog.transport');
});
