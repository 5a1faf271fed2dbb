/** Specifies that pages of other sites reach nothing through a browser: neither by a name of theirs for this address, nor from their own. */
import test from 'ava';
import { raw } from '../../data/request/http.ts';
import { open } from './open.ts';

for (const host of [
  'evil.example',
  'evil.example:7001',
  '127.0.0.1.evil.example',
  '10.0.0.1',
  '0.0.0.0',
  'localhost.evil.example:80',
  'evil@127.0.0.1',
  '127.0.0.1/evil',
  '127.0.0.1:80:90',
]) {
  test(`security: a page that points its own name ${host} at loopback (DNS rebinding) reaches nothing`, async (t) => {
    const { ask, acts } = await open(t);
    for (const [path, method] of [
      ['/v1/endpoints', 'GET'],
      ['/v1/tokens', 'POST'],
      ['/healthz', 'GET'],
      ['/nothing', 'GET'],
    ] as const) {
      const { status, json } = await ask(path, { method, headers: { host } });
      t.deepEqual([status, json['code']], [403, 'ORIGIN_REFUSED'], path);
    }
    t.deepEqual(acts, []);
  });
}

for (const origin of [
  'https://evil.example',
  'http://127.0.0.1.evil.example',
  'null',
  'file://',
  'http://evil.example:7001',
]) {
  test(`security: a page of another site, ${origin}, changes nothing`, async (t) => {
    const { ask, acts } = await open(t);
    const { status, json } = await ask('/v1/federation/leave', {
      method: 'POST',
      headers: { origin, 'content-type': 'text/plain' },
    });
    t.deepEqual([status, json['code']], [403, 'ORIGIN_REFUSED']);
    t.deepEqual(acts, []);
  });
}

for (const name of ['127.0.0.1:7001', 'localhost', 'localhost:80', '[::1]:7001', '127.0.0.2']) {
  test(`the API answers by its own name ${name}`, async (t) => {
    const { ask } = await open(t);
    const headers = { host: name, origin: `http://${name}` };
    t.is((await ask('/v1/services', { headers })).status, 200);
  });
}

test('a request that names two hosts is refused, whichever comes first', async (t) => {
  const { address } = await open(t);
  for (const hosts of [
    ['127.0.0.1', 'evil.example'],
    ['127.0.0.1', '127.0.0.1'],
  ]) {
    const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
    const text = `GET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`;
    const answer = await raw(`http://${address}`, text);
    t.regex(answer, /^HTTP\/1\.1 400 /);
    t.regex(answer, /"code":"REQUEST_REFUSED"/);
  }
});
