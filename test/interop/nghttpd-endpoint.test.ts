/** Specifies that nghttpd as an HTTP/2 endpoint is used well: many streams within its limits, small windows, padding, trailers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { ask, versions } from '../support/curl.ts';
import { startNghttpd } from '../support/nghttpd.ts';
import { runOk } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const large = Buffer.alloc(4 << 20, 'isthmus ');
const trailers = ['x-checked: yes'];
let clusters: TwoClusters;

/** Services by how their nghttpd behaves. */
const servers: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  'at most 3 streams at once': ['--max-concurrent-streams', '3'],
  'windows of 1 KiB': ['--window-bits', '10', '--connection-window-bits', '16'],
  'padded frames': ['--padding', '255'],
  'no dynamic table': ['--header-table-size', '0', '--encoder-header-table-size', '0'],
  'no lengths, and trailers': [
    '--no-content-length',
    ...trailers.flatMap((field) => ['--trailer', field]),
  ],
};

function nameOf(behaviour: string): string {
  return `h2-${Object.keys(servers).indexOf(behaviour)}`;
}

test.before('nghttpd in dc2, in several moods', async () => {
  const services = await Promise.all(
    Object.entries(servers).map(async ([behaviour, args]) => {
      const { address, root } = await startNghttpd(shared, ['--echo-upload', ...args]);
      await writeFile(join(root, 'index.html'), 'small');
      await writeFile(join(root, 'large'), large);
      return { name: nameOf(behaviour), protocol: 'http2', addresses: [address] };
    }),
  );
  clusters = await twoClusters(shared, services);
});

for (const [behaviour, args] of Object.entries(servers)) {
  const host = hostOf(nameOf(behaviour));
  // curl prints trailers, too, behind the body.
  const printed = args.includes('--trailer')
    ? Buffer.concat([large, Buffer.from(`${trailers.join('\r\n')}\r\n`)])
    : large;

  for (const [version, flag] of Object.entries(versions)) {
    test.serial(`${behaviour}: a client with ${version} gets and sends large bodies`, async (t) => {
      const file = await ask(urlOf(clusters.dc1, '/large'), host, [flag]);
      t.is(file.code, 0, file.stderr);
      t.is(file.status, 200);
      t.true(Buffer.from(file.body, 'latin1').equals(printed));
      const upload = [flag, '--data-binary', '@-'];
      const echo = await ask(urlOf(clusters.dc1, '/echo'), host, upload, large);
      t.is(echo.code, 0, echo.stderr);
      t.true(Buffer.from(echo.body, 'latin1').equals(printed));
    });

    test.serial(`${behaviour}: a client with ${version} is answered HEAD and 404`, async (t) => {
      const head = await ask(urlOf(clusters.dc1, '/large'), host, [flag, '--head']);
      t.is(head.code, 0, head.stderr);
      t.is(head.status, 200);
      t.is(head.body, '');
      t.is((await ask(urlOf(clusters.dc1, '/nothing'), host, [flag])).status, 404);
    });
  }

  test.serial(`${behaviour}: two thousand requests, a hundred at once, go well`, async (t) => {
    const said = await runOk('h2load', [
      ...['--requests', '2000', '--clients', '4', '--max-concurrent-streams', '25'],
      ...['--header', `:authority: ${host}`, urlOf(clusters.dc1)],
    ]);
    t.regex(said, /status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx/);
  });
}

test.serial('trailers of an HTTP/2 endpoint arrive at a client of HTTP/2', async (t) => {
  const host = hostOf(nameOf('no lengths, and trailers'));
  const said = await runOk('nghttp', [
    ...['--verbose', '--null-out', '--header', `:authority: ${host}`],
    urlOf(clusters.dc1, '/large'),
  ]);
  t.regex(said, /x-checked: yes/);
});
