/** Specifies what commands print: formats, alignment, color, and text that came from elsewhere. */
import test from 'ava';
import { parse } from 'yaml';
import { readyFor, serialize } from '../../cli/output.ts';
import { renderTable } from '../../cli/table.ts';
import { printable } from '../../cli/terminal.ts';
import { counted, moment, percent, rtt, span } from '../../cli/words.ts';
import { adminAt } from './admin-at.ts';
import { clusters, endpoint, exports, services, status } from './answers.ts';
import { isthmus } from './command.ts';

const esc = '\u001b';

test('a table is aligned, its numbers to the right, with nothing trailing', async (t) => {
  const env = await adminAt(t, (app) => app.get('/v1/clusters', () => ({ items: clusters })));
  const { stderr, stdout } = await isthmus(['get', 'clusters'], { env });
  t.is(
    stdout,
    [
      'CLUSTER  REGION   ZONES                  STATE    RTT  GATEWAYS  JOINED',
      'dc1      us-east  us-east-1a             self       -         1  2026-09-21 14:13:20Z',
      'dc2      eu-west  eu-west-1a,eu-west-1b  up     81 ms         2  2026-09-21 14:15:00Z',
      '',
    ].join('\n'),
  );
  t.is(stderr, '');
});

test('-o wide adds columns', async (t) => {
  const env = await adminAt(t, (app) => app.get('/v1/clusters', () => ({ items: clusters })));
  const { stdout } = await isthmus(['get', 'clusters', '-o', 'wide'], { env });
  t.regex(stdout, /JOINED +TRUST DOMAIN +EAST-WEST/);
  t.regex(stdout, /dc2\.acme +10\.2\.0\.1:7443 +10\.2\.0\.1:7444 +sha256:AbC +3 .* 500\n/);
});

test('-o json and -o yaml print the whole answer, keys sorted', async (t) => {
  const env = await adminAt(t, (app) => app.get('/v1/services', () => ({ items: services })));
  const json = await isthmus(['get', 'services', '-o', 'json'], { env });
  t.deepEqual(JSON.parse(json.stdout), { items: services });
  t.regex(json.stdout, /"endpoints".*\n.*"healthy".*\n.*"total"[\s\S]*"exported"[\s\S]*"service"/);
  const yaml = await isthmus(['-o', 'yaml', 'get', 'services'], { env });
  t.deepEqual(parse(yaml.stdout), { items: services });
});

test('services, endpoints and exports have tables of their own', async (t) => {
  const seen: unknown[] = [];
  const env = await adminAt(t, (app) => {
    app.get('/v1/status', () => status);
    app.get('/v1/services', () => ({ items: services }));
    app.get('/v1/endpoints', (request) => {
      seen.push(request.query);
      return { items: [endpoint, { ...endpoint, id: 'a2', address: '::1', labels: {} }] };
    });
    app.get('/v1/exports', (request) => {
      seen.push(request.query);
      return { items: exports };
    });
  });
  const show = async (...args: string[]) => (await isthmus(['get', ...args], { env })).stdout;
  t.regex(
    await show('services'),
    /api\.prod +1\/2 +dc2 3\/3, dc3 \?\/2 \(unknown for \d+ d.*\) +yes +api\.prod\.acme\n/,
  );
  t.regex(
    await show('endpoints', '--service', 'api.prod.acme', '-o', 'wide'),
    /a1 +10\.0\.0\.5:8080 .* team=core,version=v2 +-\n.*a2 +\[::1\]:8080 .* - +-\n/,
  );
  t.regex(
    await show('exports', '--cluster', 'dc2'),
    /eu-west-1a +2\/2 +0 .*\n.*eu-west-1b +0\/1 +1 /,
  );
  t.deepEqual(seen, [{ service: 'api.prod' }, { cluster: 'dc2' }]);
});

test('an empty list leaves standard output empty and says so beside it', async (t) => {
  const env = await adminAt(t, (app) => app.get('/v1/exports', () => ({ items: [] })));
  const run = await isthmus(['get', 'exports'], { env });
  t.is(run.stdout, '');
  t.is(run.stderr, 'No exports.\n');
  t.is(run.code, 0);
});

test('color needs a terminal or FORCE_COLOR, and NO_COLOR turns it off', async (t) => {
  const env = await adminAt(t, (app) => app.get('/v1/clusters', () => ({ items: clusters })));
  const colored = async (extra: Record<string, string>) =>
    (await isthmus(['get', 'clusters'], { env: { ...env, ...extra } })).stdout.includes(esc);
  t.false(await colored({}));
  t.true(await colored({ FORCE_COLOR: '1' }));
  t.false(await colored({ NO_COLOR: '1' }));
});

test('colored cells are as wide as plain ones', (t) => {
  const paint = (_: unknown, text: string) => `${esc}[1m${text}${esc}[22m`;
  const columns = [
    { title: 'A', cell: (row: string) => row, color: () => 'red' as const },
    { title: 'B', cell: () => 1, align: 'right' as const },
  ];
  const lines = renderTable(columns, ['x', 'long'], { wide: false, paint, room: 80 }).split('\n');
  const plain = lines.map((line) => line.replaceAll(`${esc}[1m`, '').replaceAll(`${esc}[22m`, ''));
  t.deepEqual(plain, ['A     B', 'x     1', 'long  1']);
});

test("security: another cluster's text can't drive the terminal", async (t) => {
  const region = `${esc}[2Jevil\u202e\r\u009b`;
  const env = await adminAt(t, (app) => {
    app.get('/v1/clusters', () => ({ items: [{ ...clusters[0], region }] }));
    app.get('/v1/status', (_, reply) =>
      reply
        .code(502)
        .send({ code: 'PEER_UNREACHABLE', detail: region, where: region, fix: region }),
    );
  });
  for (const args of [['get', 'clusters'], ['status']]) {
    const { stderr, stdout } = await isthmus(args, { env });
    t.true((stdout + stderr).includes('\\x1b[2Jevil\\u202e\\x0d\\x9b'));
    t.false((stdout + stderr).includes(esc));
  }
});

test('printable keeps letters of any language and line breaks', (t) => {
  t.is(printable('Zürich\n東京'), 'Zürich\n東京');
});

test('serialize sorts keys at every level and keeps lists in order', async (t) => {
  await readyFor('yaml');
  t.is(serialize({ b: [{ d: 1, c: 2 }], a: null }, 'yaml'), 'a: null\nb:\n  - c: 2\n    d: 1');
});

test('numbers are said as people say them', (t) => {
  t.is(span(12), '12 ms');
  t.is(span(3_723_000), '1 h 2 min');
  t.is(span(86_400_000), '1 d');
  t.is(rtt(0.444), '0.4 ms');
  t.is(rtt(81.4), '81 ms');
  t.is(rtt(null), undefined);
  t.is(percent(33.33), '33.3 %');
  t.is(percent(100), '100 %');
  t.is(counted(1, 'warning'), '1 warning');
  t.is(counted(0, 'warning'), '0 warnings');
  t.is(moment('never'), 'never');
});

test('a reader that has enough ends the command quietly', async (t) => {
  const many = Array.from({ length: 20_000 }, (_, i) => ({ ...endpoint, id: `a${i}` }));
  const env = await adminAt(t, (app) => app.get('/v1/endpoints', () => ({ items: many })));
  const { bin, ended, start } = await import('./command.ts');
  const line = `'${process.execPath}' '${bin}' get endpoints | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const run = await ended(start('bash', ['-c', line], { env }));
  t.regex(run.stdout, /^SERVICE .*\n0\n$/);
  t.is(run.stderr, '');
});
