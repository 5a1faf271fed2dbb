/** Specifies that curl gets through two clusters whatever it speaks: HTTP/1.0, 1.1 or 2, uploads, expectations, upgrades. */
import { createHash } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { ask, curl, versions } from '../support/curl.ts';
import { startOrigin } from '../support/origin.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
const megabytes = Buffer.alloc(8 << 20, 'isthmus ');
let clusters: TwoClusters;

test.before('a service in dc2 says what it was asked', async () => {
  const origin = await startOrigin(shared, (request, response) => {
    const hash = createHash('sha256');
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      hash.update(piece);
      bytes += piece.length;
    });
    request.on('end', () => {
      const { method, url, headers, trailers } = request;
      const said = { method, url, headers, trailers, bytes, sha256: hash.digest('hex') };
      const body = JSON.stringify(said);
      response.setHeader('content-length', body.length);
      response.end(body);
    });
  });
  origin.server.on('upgrade', (request, socket) => {
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\nanother protocol`,
    );
  });
  clusters = await twoClusters(shared, [{ name: 'orders', addresses: [origin.address] }]);
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (const [version, flag] of Object.entries(versions)) {
  test(`${version}: a request and its answer`, async (t) => {
    const url = urlOf(clusters.dc1, '/a/b?c=d&e');
    const answer = await ask(url, host, [flag, '--header', 'X-Asked: 1']);
    t.is(answer.code, 0, answer.stderr);
    t.is(`HTTP/${answer.version}`, version);
    t.is(answer.status, 200);
    t.is(answer.fields['x-isthmus-cluster'], 'dc2');
    const asked = JSON.parse(answer.body);
    t.is(asked.method, 'GET');
    t.is(asked.url, '/a/b?c=d&e');
    t.is(asked.headers.host, host);
    t.is(asked.headers['x-asked'], '1');
    t.is(asked.headers['x-forwarded-host'], host);
  });

  test(`${version}: an upload that waits for 100 (Continue) arrives whole`, async (t) => {
    const args = [flag, '--data-binary', '@-', '--header', 'Expect: 100-continue'];
    const answer = await ask(urlOf(clusters.dc1), host, args, megabytes);
    t.is(answer.code, 0, answer.stderr);
    t.deepEqual(answer.statuses, [100, 200]);
    const { bytes, sha256: hash } = JSON.parse(answer.body);
    t.is(bytes, megabytes.length);
    t.is(hash, sha256(megabytes));
  });

  test(`${version}: an upload of unknown length arrives whole`, async (t) => {
    const args = [flag, '--upload-file', '-', '--header', 'Expect:'];
    const answer = await ask(urlOf(clusters.dc1), host, args, megabytes);
    t.is(answer.code, 0, answer.stderr);
    const { method, bytes, sha256: hash, headers } = JSON.parse(answer.body);
    t.is(method, 'PUT');
    t.is(bytes, megabytes.length);
    t.is(hash, sha256(megabytes));
    t.is(headers['content-length'], undefined);
  });

  test(`${version}: HEAD says the length and brings no body`, async (t) => {
    const answer = await ask(urlOf(clusters.dc1), host, [flag, '--head']);
    t.is(answer.code, 0, answer.stderr);
    t.is(answer.status, 200);
    t.true(Number(answer.fields['content-length']) > 0);
    t.is(answer.body, '');
  });

  test(`${version}: a name that is no service is answered 404 with a code`, async (t) => {
    const answer = await ask(urlOf(clusters.dc1), hostOf('nothing'), [flag]);
    t.is(answer.status, 404);
    t.is(answer.fields['content-type'], 'application/problem+json');
    t.is(JSON.parse(answer.body).code, 'ROUTE_NOT_FOUND');
  });
}

test('HTTP/1.1: thirty requests share one connection', async (t) => {
  const urls = Array.from({ length: 30 }, (_, i) => urlOf(clusters.dc1, `/${i}`));
  const answer = await curl([
    ...['--no-include', '--fail', '--header', `Host: ${host}`],
    ...urls.flatMap((url) => ['--output', '/dev/null', url]),
    ...['--write-out', '%{http_code} %{num_connects}\n'],
  ]);
  t.is(answer.code, 0, answer.stderr);
  const lines = answer.body.trim().split('\n');
  t.deepEqual(lines, ['200 1', ...Array.from({ length: 29 }, () => '200 0')]);
});

test('HTTP/1.0: the answer ends with the connection', async (t) => {
  const answer = await ask(urlOf(clusters.dc1), host, ['--http1.0']);
  t.is(answer.code, 0, answer.stderr);
  t.is(answer.status, 200);
  t.is(JSON.parse(answer.body).method, 'GET');
});

test('an offer to upgrade to h2c is not taken up: the answer comes over HTTP/1.1', async (t) => {
  const answer = await ask(urlOf(clusters.dc1), host, ['--http2']);
  t.is(answer.code, 0, answer.stderr);
  t.is(answer.version, '1.1');
  t.is(answer.status, 200);
  t.is(JSON.parse(answer.body).headers['http2-settings'], undefined);
});

test('an upgrade is granted by the service, and what follows is its own', async (t) => {
  const answer = await ask(urlOf(clusters.dc1), host, [
    ...['--http1.1', '--no-buffer'],
    ...['--header', 'Connection: Upgrade', '--header', 'Upgrade: chatter'],
  ]);
  t.is(answer.status, 101);
  t.is(answer.fields['upgrade'], 'chatter');
  t.is(answer.body, 'another protocol');
});
