/** Specifies that many requests of nghttp and h2load all go well, over either version of HTTP and over two clusters, also while a gateway stands still. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { ClusterItem, EventItem, ExplainAnswer } from '../../gateway/control/api/answers.ts';
import { startNginx } from '../support/nginx.ts';
import { runOk } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

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

test.serial(
  'the only gateway that can answer stands still for a while: every POST is answered once it goes on',
  async (t) => {
    const { dc1, dc2 } = clusters;
    const body = join(await tempDir(t), 'body');
    await writeFile(body, 'one');
    const { gateway } = dc1;
    const dc2Of = async () =>
      (await gateway.items<ClusterItem>('/v1/clusters')).find(({ cluster }) => cluster === 'dc2');
    await until('dc2 is up', async () => (await dc2Of())?.state === 'up');
    const load = runOk('h2load', [
      ...['--requests', '10000', '--clients', '4', '--max-concurrent-streams', '20'],
      ...['--data', body, ...authority, urlOf(dc1)],
    ]);
    const { pid = 0 } = dc2.gateway;
    process.kill(pid, 'SIGSTOP');
    try {
      await until('it is suspect', async () => (await dc2Of())?.state === 'suspect');
      const { candidates } = await gateway.api.get<ExplainAnswer>('/v1/explain/web.shop');
      t.deepEqual(
        candidates.map(({ link, share }) => [link, share]),
        [['suspect', 100]],
      );
      t.regex(candidates[0]?.reason ?? '', /its link is suspect, nothing is heard by it/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    t.regex(await load, /status codes: 10000 2xx, 0 3xx, 0 4xx, 0 5xx/);
    await until('dc2 is up again', async () => (await dc2Of())?.state === 'up');
    const said = (await gateway.items<EventItem>('/v1/events')).map(({ what }) => what);
    t.true(said.some((what) => what.startsWith('Nothing is heard from dc2')));
    t.true(said.includes('dc2 answers again'));
    t.false(said.includes('No link to dc2 is up'));
  },
);

test('nghttp: a hundred streams at once, each with an answer of its own', async (t) => {
  const urls = Array.from({ length: 100 }, (_, n) =>
    urlOf(clusters.dc1, n % 10 === 0 ? `/missing/${n}` : `/${n}`),
  );
  const said = await runOk('nghttp', ['--stat', '--null-out', ...authority, ...urls]);
  const rows = said.split('\n').filter((line) => / \/(missing\/)?\d+$/.test(line));
  t.is(rows.length, 100);
  for (const row of rows) t.regex(row, row.includes('/missing/') ? / 404 / : / 200 /);
});
