/** Specifies policies from files: applied, compared, deleted and pruned by the command, against a real gateway. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Finding, PolicyItem, TrafficPolicyItem } from '../../gateway/control/api/answers.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { inProcess, type Ran } from './in-process.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;

test.before('one cluster with one service', async () => {
  ({ dc1 } = await federate(shared, { dc1: { config: { workers: 1 } } }));
});

/** `{{ name }}` of a namespace, the same as documents and as the command calls it. */
const policy = (name: string, spec: object, kind = 'TrafficPolicy', namespace = 'shop') => ({
  ...{ apiVersion: 'isthmus/v1', kind, metadata: { name, namespace }, spec },
});
const timed = (timeout: string, service = 'orders') => ({
  ...{ target: { service }, timeouts: { request: timeout } },
});

interface Folder {
  readonly path: string;
  write(name: string, ...documents: object[]): Promise<void>;
  remove(name: string): Promise<void>;
}

async function folder(t: ExecutionContext): Promise<Folder> {
  const path = join(await tempDir(t), 'policies');
  await mkdir(path);
  return {
    path,
    write: (name, ...documents) =>
      writeFile(
        join(path, name),
        documents.map((one) => JSON.stringify(one, null, 2)).join('\n---\n'),
      ),
    remove: (name) => rm(join(path, name)),
  };
}

function run(line: string, stdin = '', admin = adminOf(dc1)): Promise<Ran> {
  return inProcess(line.split(' '), { ISTHMUS_ADMIN: admin }, stdin);
}

function adminOf({ gateway }: Cluster): string {
  return gateway.api.address.text;
}

async function clean(t: ExecutionContext): Promise<void> {
  t.teardown(async () => {
    for (const kind of ['traffic-policies', 'service-exports', 'service-defaults']) {
      for (const { namespace, name } of await dc1.gateway.items<PolicyItem>(`/v1/${kind}`)) {
        await dc1.gateway.api.send('DELETE', `/v1/${kind}/${namespace}/${name}`);
      }
    }
  });
}

test.serial(
  'documents are made, changed and left alone, and a dry run and a difference say it before',
  async (t) => {
    await clean(t);
    const files = await folder(t);
    await files.write('2.json', policy('orders', { exported: true }, 'ServiceExport'));
    await files.write('1.yaml', policy('orders', timed('5s')), policy('pay', timed('6s', 'pay')));
    const apply = `apply -f ${files.path}`;

    const dry = await run(`${apply} --dry-run`);
    t.is(dry.code, 0);
    t.is(
      dry.stdout,
      `traffic-policy shop/orders created (dry run)
traffic-policy shop/pay created (dry run; warned of)
service-export shop/orders created (dry run)
`,
    );
    t.is(
      dry.stderr,
      `warning ${files.path}/1.yaml:18:1: traffic-policy shop/pay: No cluster has a service pay.shop so far\n`,
    );
    t.deepEqual(await dc1.gateway.items('/v1/traffic-policies'), []);

    const made = await run(`diff -f ${files.path}`);
    t.is(made.code, 1);
    t.regex(
      made.stdout,
      /^--- \/dev\/null\n\+\+\+ applied\/TrafficPolicy\/shop\/orders\n@@ -0,0 \+1,\d+ @@\n\+apiVersion: isthmus\/v1\n/,
    );

    t.is(
      (await run(apply)).stdout,
      `traffic-policy shop/orders created
traffic-policy shop/pay created (warned of)
service-export shop/orders created
`,
    );
    const again = await run(apply);
    t.deepEqual([again.code, again.stdout.match(/ unchanged/g)?.length], [0, 3]);
    t.like(await run(`diff -f ${files.path}`), { code: 0, stdout: '' });

    await files.write('1.yaml', policy('orders', timed('7s')), policy('pay', timed('6s', 'pay')));
    const differs = await run(`diff -f ${files.path}`);
    t.is(differs.code, 1);
    t.regex(differs.stdout, /^--- now\/TrafficPolicy\/shop\/orders\n/);
    t.deepEqual(differs.stdout.match(/^[-+] .*$/gm), ['-    request: 5s', '+    request: 7s']);
    t.is((await run(`${apply} -o name`)).stdout.split('\n')[0], 'traffic-policy shop/orders');
    const path = '/v1/traffic-policies/shop/orders';
    t.is((await dc1.gateway.api.get<TrafficPolicyItem>(path)).timeouts?.request, '7s');

    const told = JSON.parse((await run(`${apply} -o json`)).stdout);
    t.like(told.items[1], {
      ...{ kind: 'TrafficPolicy', namespace: 'shop', name: 'pay', result: 'unchanged' },
      warnings: ['No cluster has a service pay.shop so far'],
    });

    const { findings } = await dc1.gateway.api.get<{ findings: Finding[] }>('/v1/check');
    t.like(
      findings.find(({ code }) => code === 'POLICY_DOUBTFUL'),
      { level: 'warning', where: 'traffic-policy shop/pay' },
    );
    t.is(
      (await dc1.gateway.api.get<PolicyItem>('/v1/traffic-policies/shop/pay')).warnings.length,
      1,
    );
    const described = await run(`describe -f ${files.path}`);
    t.regex(described.stdout, /^warning +No cluster has a service pay\.shop so far$/m);
    const listed = await run(`get -f ${files.path}`);
    t.regex(listed.stdout, /^service-exports\nNAME .*\nshop\/orders +yes .*\n\ntraffic-policies\n/);

    const elsewhere = policy('orders', timed('7s'));
    elsewhere.metadata.name = 'a-first';
    const over = await run(
      'apply -f -',
      JSON.stringify({ kind: 'List', items: [elsewhere, policy('orders', timed('7s'))] }),
    );
    t.is(over.code, 0);
    t.regex(
      over.stdout,
      /shop\/orders unchanged \(not in force: shop\/a-first is for the same, and comes first by its name\)\n/,
    );
  },
);

test.serial(
  'of files with any fault nothing is written, and each fault is told at its place',
  async (t) => {
    await clean(t);
    const files = await folder(t);
    await files.write('1.yaml', policy('orders', timed('5s')));
    await files.write(
      '2.yaml',
      policy('pay', { target: {}, timeots: {} }),
      policy('x', timed('5')),
    );
    const refused = await run(`apply -f ${files.path}`);
    t.is(refused.code, 65);
    t.is(refused.stdout, '');
    t.deepEqual(refused.stderr.match(/2\.yaml:\d+:\d+/g), [
      '2.yaml:10:5',
      '2.yaml:8:3',
      '2.yaml:26:7',
    ]);
    t.regex(refused.stderr, /no key "timeots" in spec.*\n {2}fix: Did you mean "timeouts"\?/);
    t.is((await run(`diff -f ${files.path}`)).code, 65);
    t.deepEqual(await dc1.gateway.items('/v1/traffic-policies'), []);
    t.is((await run(`apply -f ${files.path}/2.yaml -f ${files.path}/3.yaml`)).code, 65);
    t.regex((await run('apply -f -')).stderr, /There is no document/);
    const nobody = await run(`diff -f ${files.path}/1.yaml`, '', 'http://127.0.0.1:1');
    t.is(nobody.code, 2);
  },
);

test.serial(
  'a set is pruned of what it wrote and no longer has, and of nothing that others wrote',
  async (t) => {
    await clean(t);
    const files = await folder(t);
    await files.write('a.yaml', policy('orders', timed('5s')), policy('old', timed('5s', 'old')));
    await files.write('b.yaml', policy('mine', timed('5s', 'mine')));
    const apply = `apply -f ${files.path} --set prod`;
    await run(`apply -f - --set other`, JSON.stringify(policy('theirs', timed('5s', 'theirs'))));
    await run(`apply -f -`, JSON.stringify(policy('by-hand', timed('5s', 'hand'))));
    t.is((await run(apply)).code, 0);
    const sets = async () =>
      (await dc1.gateway.items<PolicyItem>('/v1/traffic-policies')).map(
        ({ name, set = '-' }) => `${name} ${set}`,
      );
    t.deepEqual(await sets(), [
      'by-hand -',
      'mine prod',
      'old prod',
      'orders prod',
      'theirs other',
    ]);

    await files.write('a.yaml', policy('orders', timed('5s')));
    await files.remove('b.yaml');
    // What somebody has written by itself since is theirs.
    await dc1.gateway.api.send('PUT', '/v1/traffic-policies/shop/mine', timed('9s', 'mine'));
    const kept = await run(apply);
    t.is(kept.stdout, 'traffic-policy shop/orders unchanged\n');
    const dry = await run(`${apply} --prune --dry-run`);
    t.is(
      dry.stdout,
      'traffic-policy shop/orders unchanged (dry run)\ntraffic-policy shop/old deleted (dry run)\n',
    );
    t.regex(dry.stderr, /will be deleted:\n {2}traffic-policy shop\/old, written by local at 20/);
    const differs = await run(`diff -f ${files.path} --set prod --prune`);
    t.is(differs.code, 1);
    t.regex(
      differs.stdout,
      /^--- now\/TrafficPolicy\/shop\/old\n\+\+\+ \/dev\/null\n@@ -1,\d+ \+0,0 @@\n-# of the set prod\n/,
    );
    t.is((await run(`${apply} --prune`)).code, 0);
    t.deepEqual(await sets(), ['by-hand -', 'mine -', 'orders prod', 'theirs other']);

    const taken = await run(`apply -f ${files.path} --set other`);
    t.regex(taken.stderr, /traffic-policy shop\/orders was of the set prod, and is of other then/);
    t.is(taken.stdout, 'traffic-policy shop/orders configured\n');
    const misuse = await run(`apply -f ${files.path} --prune`);
    t.deepEqual([misuse.code, /--prune needs --set/.test(misuse.stderr)], [64, true]);
  },
);

/** The gateway's API, with somebody else who is faster: just before the first change of `path` they make theirs. */
async function faster(t: ExecutionContext, path: string, theirs: object): Promise<string> {
  let isDone = false;
  const server = createServer(async (incoming, outgoing) => {
    if (!isDone && incoming.method === 'PUT' && incoming.url?.startsWith(path)) {
      isDone = true;
      await dc1.gateway.api.send('PUT', path, theirs);
    }
    const { method, url, headers } = incoming;
    const { address } = dc1.gateway.api;
    const there =
      address.kind === 'unix'
        ? { socketPath: address.path }
        : { host: address.url.hostname, port: address.url.port };
    const to = { ...there, method, path: url, headers };
    const body = await buffer(incoming);
    const onward = request(to, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', (error) => outgoing.destroy(error));
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.serial(
  "documents of the federation are applied, compared, shown, pruned and deleted beside the cluster's own",
  async (t) => {
    await clean(t);
    const files = await folder(t);
    const everywhere = (document: ReturnType<typeof policy>) => ({
      ...document,
      metadata: { ...document.metadata, scope: 'federation' },
    });
    const own = policy('orders', timed('5s'));
    await files.write(
      'a.yaml',
      own,
      everywhere(own),
      everywhere(policy('old', timed('6s', 'old'))),
    );
    const apply = `apply -f ${files.path} --set prod`;
    const created = `traffic-policy shop/orders created
traffic-policy shop/orders of the federation created (not in force: shop/orders of dc1 is for the same, and comes first as a cluster's own does)
traffic-policy shop/old of the federation created (warned of)
`;
    const dry = await run(`${apply} --dry-run`);
    t.is(dry.stdout.match(/dry run/g)?.length, 3);
    t.is((await run(apply)).stdout, created);
    t.like(JSON.parse((await run(`${apply} -o json`)).stdout).items, [
      { scope: 'cluster', result: 'unchanged' },
      { scope: 'federation', result: 'unchanged' },
    ]);
    const of = '/v1/federation/traffic-policies';
    t.is((await dc1.gateway.api.get<PolicyItem>(`${of}/shop/orders`)).set, 'prod');

    const listed = await run(`get -f ${files.path}`);
    t.regex(listed.stdout, /^traffic-policies\nNAME.*\nshop\/orders /);
    t.regex(
      listed.stdout,
      /\ntraffic-policies of the federation\nNAME.*\nshop\/orders .*\nshop\/old /,
    );
    const described = await run(`describe -f ${files.path}`);
    t.is(described.stdout.match(/^cluster +federation, by dc1$/gm)?.length, 2);

    await files.write('a.yaml', own, everywhere(policy('orders', timed('7s'))));
    const differs = await run(`diff -f ${files.path} --set prod --prune`);
    t.deepEqual(differs.stdout.match(/^(---|\+\+\+|[-+] {4}request: [57]).*$/gm), [
      '--- now/federation/TrafficPolicy/shop/orders',
      '+++ applied/federation/TrafficPolicy/shop/orders',
      '-    request: 5s',
      '+    request: 7s',
      '--- now/federation/TrafficPolicy/shop/old',
      '+++ /dev/null',
    ]);
    t.regex(differs.stdout, /^- {2}scope: federation$/m);
    t.regex((await run(`${apply} --prune`)).stdout, /shop\/old of the federation deleted\n$/);

    t.is(
      (await run('delete traffic-policy shop/orders --federation --dry-run')).stdout,
      'traffic-policy shop/orders of the federation deleted (dry run)\n',
    );
    t.is((await run(`delete -f ${files.path} --federation`)).code, 64);
    t.is((await run(`delete -f ${files.path}`)).code, 0);
    t.deepEqual(await dc1.gateway.items(of), []);
  },
);

test.serial(
  'who is overtaken is told by whom, the others are applied, and nothing is pruned',
  async (t) => {
    await clean(t);
    const files = await folder(t);
    await files.write('a.yaml', policy('orders', timed('5s')), policy('old', timed('5s', 'old')));
    const apply = `apply -f ${files.path} --set prod --prune`;
    await run(apply);
    await files.write('a.yaml', policy('orders', timed('6s')), policy('new', timed('5s', 'new')));
    const path = '/v1/traffic-policies/shop/orders';
    const overtaken = await run(apply, '', await faster(t, path, timed('8s')));
    t.is(overtaken.code, 1);
    t.is(
      overtaken.stdout,
      'traffic-policy shop/orders failed\ntraffic-policy shop/new created (warned of)\n',
    );
    t.regex(
      overtaken.stderr,
      /PRECONDITION_FAILED: traffic-policy shop\/orders was written by local at 20\S+ \S+, after this command had looked at it/,
    );
    t.regex(overtaken.stderr, /Nothing was pruned/);
    t.regex(overtaken.stderr, /1 of 2 done; not: traffic-policy shop\/orders\n$/);
    const items = await dc1.gateway.items<TrafficPolicyItem>('/v1/traffic-policies');
    t.deepEqual(
      items.map(({ name }) => name),
      ['new', 'old', 'orders'],
    );
    t.is(items[2]?.timeouts?.request, '8s');
  },
);

test.serial(
  'policies are deleted by their documents or by name; those that are not there are told',
  async (t) => {
    await clean(t);
    const files = await folder(t);
    await files.write('a.yaml', policy('orders', timed('5s')), policy('pay', timed('5s', 'pay')));
    await run(`apply -f ${files.path}`);
    t.is(
      (await run('delete traffic-policy shop/pay --dry-run')).stdout,
      'traffic-policy shop/pay deleted (dry run)\n',
    );
    t.is((await run('delete TrafficPolicy shop/pay')).stdout, 'traffic-policy shop/pay deleted\n');
    t.is((await run(`get -f ${files.path}`)).code, 4);
    const partly = await run(`delete -f ${files.path}`);
    t.is(partly.code, 4);
    t.is(partly.stdout, 'traffic-policy shop/orders deleted\ntraffic-policy shop/pay failed\n');
    t.regex(partly.stderr, /POLICY_NOT_FOUND: dc1 has no traffic-policy shop\/pay/);
    const gone = await run(`delete -f ${files.path} --ignore-not-found`);
    t.is(gone.code, 0);
    t.is(gone.stdout, 'traffic-policy shop/orders absent\ntraffic-policy shop/pay absent\n');
    t.is((await run('delete traffic-policy pay')).code, 65);
    t.is((await run('delete traffic-policy')).code, 64);
  },
);
