/** Specifies requests that are unusual and valid: they are served, here and in another cluster, and reach the service in the usual form. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { http2Session, requestOver } from '../../../support/http2-session.ts';
import { sharedScope } from '../../../support/shared.ts';
import { until } from '../../../support/until.ts';
import { raw } from './http.ts';
import { connect, type Gateway, type Origin, startGateway, startOrigin } from './scene.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let near: Gateway;
let origin: Origin;

test.before('a service that says what it was asked, here and in another cluster', async () => {
  origin = await startOrigin(shared, 'one', (request, response) => {
    const { method, url, httpVersion, headers } = request;
    const { host, 'content-length': length, 'max-forwards': forwards } = headers;
    request.resume().on('end', () => {
      response.end(`${method} ${url} ${httpVersion} ${host} ${length ?? '-'} ${forwards ?? '-'}`);
    });
  });
  near = await startGateway(shared, {
    cluster: 'dc1',
    services: [
      { name: 'here.shop', endpoints: [origin] },
      { name: 'there.shop', elsewhere: { dc2: 1 } },
    ],
  });
  const far = await startGateway(shared, {
    cluster: 'dc2',
    services: [{ name: 'there.shop', endpoints: [origin] }],
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
});

const end = 'Connection: close\r\n\r\n';

/** What the service was asked, of a request over HTTP/1.1 that was served. */
async function asked(head: string, content = ''): Promise<string> {
  const answer = await raw(near.url, `${head}${end}${content}`);
  const body = /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n([\s\S]*)$/.exec(answer)?.[1] ?? answer;
  return /^[\da-f]+\r\n(.*)\r\n0\r\n\r\n$/.exec(body)?.[1] ?? body;
}

for (const where of ['here', 'there'] as const) {
  const host = `${where}.shop.acme`;
  const hops = where === 'here' ? 1 : 2;

  test(`${where}: zeros in front of a Content-Length (RFC 9110 section 8.6)`, async (t) => {
    const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 003\r\n`;
    t.is(await asked(post, 'abc'), `POST / 1.1 ${host} 3 -`);
    t.is(await asked(post.replace('003', '000')), `POST / 1.1 ${host} 0 -`);
  });

  test(`${where}: an empty port (RFC 3986 section 3.2.3)`, async (t) => {
    t.is(await asked(`GET / HTTP/1.1\r\nHost: ${host}:\r\n`), `GET / 1.1 ${host} - -`);
    const absolute = `GET http://${host}:/ HTTP/1.1\r\nHost: ${host}:\r\n`;
    t.is(await asked(absolute), `GET / 1.1 ${host} - -`);
  });

  test(`${where}: OPTIONS of a host without a path is OPTIONS * to its service (RFC 9112 section 3.2.4)`, async (t) => {
    for (const target of [`http://${host}`, '*']) {
      const options = `OPTIONS ${target} HTTP/1.1\r\nHost: ${host}\r\n`;
      t.is(await asked(options), `OPTIONS * 1.1 ${host} - -`, target);
    }
    const stream = requestOver(http2Session(t, near.url), host, '*', 'OPTIONS').end();
    t.is(await text(stream), `OPTIONS * 1.1 ${host} - -`);
  });

  test(`${where}: a later minor version is served as 1.1 (RFC 9110 section 2.5)`, async (t) => {
    t.is(await asked(`GET / HTTP/1.2\r\nHost: ${host}\r\n`), `GET / 1.1 ${host} - -`);
  });

  for (const method of ['OPTIONS', 'TRACE']) {
    test(`${where}: ${method} goes no further than Max-Forwards says (RFC 9110 section 7.6.2)`, async (t) => {
      const path = `/${where}/${method}`;
      const head = (left: number) =>
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: secret\r\nMax-Forwards: ${left}\r\n`;
      t.is(await asked(head(hops)), `${method} ${path} 1.1 ${host} - 0`);
      for (let left = 0; left < hops; left++) {
        const answer = await raw(near.url, head(left) + end);
        t.regex(answer, method === 'TRACE' ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 204 /);
        t.is(answer.includes(`\r\n\r\nTRACE ${path} `), method === 'TRACE');
        t.false(answer.includes('secret'));
      }
      t.is(origin.requests.filter(({ url }) => url === path).length, 1);
    });
  }

  test(`${where}: Max-Forwards means nothing to other methods, and goes on as it is`, async (t) => {
    const get = `GET / HTTP/1.1\r\nHost: ${host}\r\nMax-Forwards: 0\r\n`;
    t.is(await asked(get), `GET / 1.1 ${host} - 0`);
  });
}

test('TRACE is answered with what came, but for credentials, and counted as over', async (t) => {
  const fields = 'Authorization: x\r\nX-Seen: yes\r\nMax-Forwards: 0\r\n';
  const answer = await raw(
    near.url,
    `TRACE /a?b HTTP/1.1\r\nHost: here.shop.acme\r\n${fields}${end}`,
  );
  t.regex(answer, /^content-type: message\/http\r$/m);
  const [, ...content] = answer.split('\r\n\r\n');
  t.is(
    content.join('\r\n\r\n'),
    'TRACE /a?b HTTP/1.1\r\nhost: here.shop.acme\r\nX-Seen: yes\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n',
  );
  const stream = http2Session(t, near.url).request({
    ':method': 'TRACE',
    ':path': '/a',
    ':authority': 'here.shop.acme',
    'max-forwards': '0',
    cookie: 'secret',
  });
  const [headers] = await once(stream, 'response');
  t.is(headers[':status'], 200);
  t.is(await text(stream), 'TRACE /a HTTP/1.1\r\nhost: here.shop.acme\r\nmax-forwards: 0\r\n\r\n');
});
