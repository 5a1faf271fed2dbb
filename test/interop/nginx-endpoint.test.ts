/** Specifies that nginx as an endpoint is used well: kept connections, chunks, compression, ranges, validators, uploads. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import anyTest, { type TestFn } from 'ava';
import { ask, curl, versions } from '../support/curl.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('files');
const page = '<p>The quick brown fox</p>\n'.repeat(2_000);
/** No two places in it look alike. */
const large = Buffer.from(Array.from({ length: 2 << 20 }, (_, i) => i.toString(36)).join(' '));
let nginx: Nginx;
let clusters: TwoClusters;

test.before('nginx in dc2 serves files, and takes uploads', async () => {
  nginx = await startNginx(
    shared,
    `
    client_max_body_size 0;
    keepalive_requests 10;
    types { text/html html; }
    gzip on;
    gzip_proxied any;
    location /connection { return 200 "$connection"; }
    location /uploads/ { dav_methods PUT DELETE; create_full_put_path on; }
    location /refused { return 403; }
    `,
  );
  await writeFile(join(nginx.root, 'page.html'), page);
  await writeFile(join(nginx.root, 'large'), large);
  clusters = await twoClusters(shared, [{ name: 'files', addresses: [nginx.address] }]);
});

test('a hundred requests use few connections, and outlive those that nginx closes after ten', async (t) => {
  const urls = Array.from({ length: 100 }, () => urlOf(clusters.dc1, '/connection'));
  const { code, body, stderr } = await curl([
    ...['--no-include', '--fail', '--header', `Host: ${host}`, '--write-out', '\n'],
    ...urls,
  ]);
  t.is(code, 0, stderr);
  const connections = body.trim().split('\n');
  t.is(connections.length, 100);
  const distinct = new Set(connections).size;
  t.true(distinct >= 10 && distinct <= 20, `${distinct} connections`);
});

for (const [version, flag] of Object.entries(versions)) {
  const get = (path: string, ...args: readonly string[]) =>
    ask(urlOf(clusters.dc1, path), host, [flag, ...args]);

  test(`${version}: a large file arrives whole`, async (t) => {
    const { code, body, fields } = await get('/large');
    t.is(code, 0);
    t.is(fields['content-length'], `${large.length}`);
    t.true(Buffer.from(body, 'latin1').equals(large));
  });

  test(`${version}: a body compressed on the way is of unknown length, and whole`, async (t) => {
    const { code, body, fields } = await get('/page.html', '--header', 'Accept-Encoding: gzip');
    t.is(code, 0);
    t.is(fields['content-encoding'], 'gzip');
    t.is(fields['content-length'], undefined);
    t.is(gunzipSync(Buffer.from(body, 'latin1')).toString(), page);
  });

  test(`${version}: a range is served, and one beyond the end refused`, async (t) => {
    const part = await get('/large', '--range', '1000000-1000999');
    t.is(part.status, 206);
    t.is(part.fields['content-range'], `bytes 1000000-1000999/${large.length}`);
    t.is(part.body, large.subarray(1_000_000, 1_001_000).toString());
    t.is((await get('/large', '--range', '999999999-')).status, 416);
  });

  test(`${version}: several ranges come as parts`, async (t) => {
    const parts = await get('/large', '--range', '0-9,100-109');
    t.is(parts.code, 0);
    t.is(parts.status, 206);
    t.regex(parts.fields['content-type'] ?? '', /^multipart\/byteranges/);
    t.true(parts.body.includes(large.subarray(100, 110).toString()));
  });

  test(`${version}: HEAD says the length and brings nothing`, async (t) => {
    const { code, status, fields, body } = await get('/large', '--head');
    t.is(code, 0);
    t.is(status, 200);
    t.is(fields['content-length'], `${large.length}`);
    t.is(body, '');
  });

  test(`${version}: what has not changed is answered 304 without a body`, async (t) => {
    const { fields } = await get('/large', '--head');
    const again = await get('/large', '--header', `If-None-Match: ${fields['etag']}`);
    t.is(again.code, 0);
    t.is(again.status, 304);
    t.is(again.fields['etag'], fields['etag']);
    t.is(again.body, '');
  });

  test(`${version}: uploads of known and unknown length arrive whole, and go again with 204`, async (t) => {
    for (const kind of ['known', 'unknown']) {
      const path = `/uploads/${version.replace('/', '')}/${kind}`;
      const how =
        kind === 'known' ? ['--request', 'PUT', '--data-binary', '@-'] : ['--upload-file', '-'];
      const put = await ask(urlOf(clusters.dc1, path), host, [flag, ...how], large);
      t.is(put.code, 0, put.stderr);
      t.is(put.status, 201);
      t.true((await readFile(join(nginx.root, path))).equals(large));
      const gone = await get(path, '--request', 'DELETE');
      t.is(gone.code, 0);
      t.is(gone.status, 204);
    }
  });

  test(`${version}: an upload that is refused early is answered so`, async (t) => {
    const put = await ask(
      urlOf(clusters.dc1, '/refused'),
      host,
      [flag, '--data-binary', '@-'],
      large,
    );
    t.is(put.status, 403);
  });
}
