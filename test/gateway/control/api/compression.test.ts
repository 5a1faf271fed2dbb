/** Specifies what the admin API and its UI send compressed, and to whom. */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, createGunzip, gzipSync } from 'node:zlib';
import test from 'ava';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { open } from './open.ts';

/** What a client offers, and what it is answered in; `fetch` undoes it. */
const offers = [
  ['gzip, deflate, br', 'br'],
  ['gzip', 'gzip'],
  ['br;q=0, gzip;q=0.5', 'gzip'],
  ['identity', null],
] as const;

test('an answer of the API goes out as the client accepts it, with the same tag', async (t) => {
  const services = Array.from({ length: 200 }, (_, i) => ({ service: `cart-${i}.shop` }));
  const { address } = await open(t, { control: { services: () => services as never } });
  const tags = new Set<string | null>();
  for (const [accepted, encoding] of offers) {
    const answer = await fetch(`http://${address}/v1/services`, {
      headers: { 'accept-encoding': accepted },
    });
    const { headers } = answer;
    t.is(headers.get('content-encoding'), encoding, accepted);
    t.is(((await answer.json()) as { items: unknown[] }).items.length, 200);
    if (encoding !== null) {
      t.true(Number(headers.get('content-length')) < 2_000, 'of 6,000 octets');
      t.regex(headers.get('vary') ?? '', /accept-encoding/i);
    }
    tags.add(headers.get('etag'));
  }
  t.is(tags.size, 1);
});

test('a short answer goes out as it is', async (t) => {
  const { address } = await open(t);
  const { headers } = await fetch(`http://${address}/v1/clusters`);
  t.is(headers.get('content-encoding'), null);
});

for (const [accepted, encoding] of [
  ['gzip, deflate, br', 'gzip'],
  ['br;q=1, *;q=0.5', 'gzip'],
  ['br, gzip;q=0', null],
  ['identity', null],
  ['', null],
] as const) {
  test(`a stream of events for who accepts "${accepted}" goes out ${encoding ?? 'as it is'}, each event when it comes`, async (t) => {
    let changed = (): void => {};
    let healthy = 0;
    const services = () => Array.from({ length: 500 }, (_, i) => ({ service: `s-${i}`, healthy }));
    const { server, target } = await open(t, {
      control: {
        services: services as never,
        onChange(listener) {
          changed = listener;
          return () => {};
        },
      },
    });
    const headers = { 'accept-encoding': accepted };
    const asked = request({ ...target, agent: false, path: '/v1/stream?topics=services', headers });
    const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage];
    t.is(answer.headers['content-encoding'] ?? null, encoding);
    t.regex(answer.headers.vary ?? '', /accept-encoding/i);
    let sent = 0;
    answer.on('data', ({ length }: Buffer) => {
      sent += length;
    });
    const reader = encoding === null ? answer : answer.pipe(createGunzip());
    let text = '';
    reader.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await until('the snapshot', () => /event: snapshot\n.*\n\n$/.test(text));
    healthy = 1;
    changed();
    await until('the change', () => /event: delta\n.*"healthy":1.*\n\n$/.test(text));
    t.true(encoding === null ? sent === text.length : sent < text.length / 5, `${sent} octets`);
    await Promise.all([once(reader, 'end'), server.close()]);
    t.regex(text, /event: reconnect\ndata: {"reason":"closing"}\n\n$/);
  });
}

test('security: a compressed request is not decompressed', async (t) => {
  const { address, acts } = await open(t);
  const { status } = await fetch(`http://${address}/v1/services/shop/cart/endpoints/cart-1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync('{"address":"10.0.0.1","port":8080}'),
  });
  t.is(status, 400);
  t.deepEqual(acts, []);
});

test('a file of the UI goes out compressed as it was built', async (t) => {
  const ui = await tempDir(t);
  await mkdir(join(ui, 'assets'));
  await writeFile(join(ui, 'index.html'), '<!doctype html>');
  const script = 'assets/index-DX3r9kQa.js';
  await writeFile(join(ui, script), 'plain');
  await writeFile(join(ui, `${script}.br`), brotliCompressSync('built in br'));
  await writeFile(join(ui, `${script}.gz`), gzipSync('built in gzip'));
  const { address } = await open(t, { ui });
  for (const [accepted, encoding] of offers) {
    const { headers, ...answer } = await ask(accepted);
    t.is(headers.get('content-encoding'), encoding, accepted);
    t.is(answer.text, encoding === null ? 'plain' : `built in ${encoding}`);
    t.regex(headers.get('vary') ?? '', /accept-encoding/i);
    t.regex(headers.get('content-type') ?? '', /javascript/);
    t.is(headers.get('cache-control'), 'public, max-age=31536000, immutable');
  }

  async function ask(accepted: string) {
    const answer = await fetch(`http://${address}/${script}`, {
      headers: { 'accept-encoding': accepted },
    });
    return { headers: answer.headers, text: await answer.text() };
  }
});
