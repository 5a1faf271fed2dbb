/** Specifies that many requests of nghttp and h2load all go well, over either version of HTTP and over two clusters. */
import anyTest, { type TestFn } from 'ava';
import { startNginx } from '../support/nginx.ts';
import { runOk } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const authority = ['--header', `:authority: ${hostOf('web')}`];
let clusters: TwoClusters;

test.before('nginx in dc2', async () => {
  const nginx = await startNginx(
    shared,
    'keepalive_requests 1000; location / { return 200 "well"; } location /missing { return 404; }',
  );
  clusters = await twoClusters(shared, [{ name: 'web', addresses: [nginx.address] }]);
});

const loads = {
  'HTTP/2, many streams on few connections': ['--clients', '4', '--max-concurrent-streams', '100'],
  'HTTP/2, many connections': ['--clients', '200', '--max-concurrent-streams', '1'],
  'HTTP/1.1': ['--h1', '--clients', '50'],
  'HTTP/1.1, pipelined': ['--h1', '--clients', '10', '--max-concurrent-streams', '20'],
};

for (const [title, args] of Object.entries(loads)) {
  test.serial(`h2load, ${title}: 20,000 requests are all answered with 200`, async (t) => {
    const said = await runOk('h2load', [
      ...['--requests', '20000', ...args, ...authority],
      urlOf(clusters.dc1),
    ]);
    t.regex(said, /20000 total, 20000 started, 20000 done, 20000 succeeded, 0 failed/);
    t.regex(said, /status codes: 20000 2xx, 0 3xx, 0 4xx, 0 5xx/);
  });
}

test('nghttp: a hundred streams at once, each with an answer of its own', async (t) => {
  const urls = Array.from({ length: 100 }, (_, n) =>
    urlOf(clusters.dc1, n % 10 === 0 ? `/missing/${n}` : `/${n}`),
  );
  const said = await runOk('nghttp', ['--stat', '--null-out', ...authority, ...urls]);
  const rows = said.split('\n').filter((line) => / \/(missing\/)?\d+$/.test(line));
  t.is(rows.length, 100);
  for (const row of rows) t.regex(row, row.includes('/missing/') ? / 404 / : / 200 /);
});
