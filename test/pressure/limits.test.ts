/** Specifies what a client is told that asks too much: heads, targets and bodies beyond their limits, over either version of HTTP. */
import { text } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { ask, versions } from '../support/curl.ts';
import { startOrigin } from '../support/origin.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
const maxBodyBytes = 1 << 20;
let clusters: TwoClusters;
/** Bodies that arrived whole, by path. */
const whole = new Map<string | undefined, number>();

test.before('a service in dc2; bodies are limited', async () => {
  const origin = await startOrigin(shared, async (request, response) => {
    // Uploads that are cut off are what the test is about.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    whole.set(request.url, body.length);
    response.end('here');
  });
  clusters = await twoClusters(shared, [{ name: 'orders', addresses: [origin.address] }], {
    limits: { maxBodyBytes },
  });
});

for (const [version, flag] of Object.entries(versions)) {
  const to = (path: string, args: readonly string[], input?: string) =>
    ask(urlOf(clusters.dc1, path), host, [flag, ...args], input);

  test(`${version}: a body of the limit's size passes`, async (t) => {
    const path = `/${version}/limit`;
    const { status } = await to(path, ['--data-binary', '@-'], 'x'.repeat(maxBodyBytes));
    t.is(status, 200);
    t.is(whole.get(path), maxBodyBytes);
  });

  for (const [kind, how] of Object.entries({
    known: ['--data-binary', '@-', '--header', 'Expect:'],
    'known, and announced': ['--data-binary', '@-', '--header', 'Expect: 100-continue'],
    unknown: ['--upload-file', '-', '--header', 'Expect:'],
  })) {
    test(`${version}: a body beyond it, of a length that is ${kind}, is answered 413`, async (t) => {
      const path = `/${version}/${encodeURI(kind)}`;
      const { status, body } = await to(path, how, 'x'.repeat(maxBodyBytes + 1));
      t.is(status, 413);
      t.is(JSON.parse(body).code, 'BODY_TOO_LARGE');
      t.false(whole.has(path));
    });
  }

  test(`${version}: a head of 12 KB passes, and one of 40 KB is answered 431`, async (t) => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, n) => ['--header', `X-${n}: ${'x'.repeat(1_000)}`]).flat();
    t.is((await to('/', fields(12))).status, 200);
    const { status, body } = await to('/', fields(40));
    t.is(status, 431);
    t.is(JSON.parse(body).code, 'REQUEST_HEAD_TOO_LARGE');
  });

  test(`${version}: more fields than anybody needs are answered 431`, async (t) => {
    const fields = Array.from({ length: 500 }, (_, n) => ['--header', `X-${n}: x`]).flat();
    t.is((await to('/', fields)).status, 431);
  });

  test(`${version}: a target of 7 KB passes, and one of 12 KB is answered 414`, async (t) => {
    t.is((await to(`/${'x'.repeat(7_000)}`, [])).status, 200);
    const { status, body } = await to(`/${'x'.repeat(12_000)}`, []);
    t.is(status, 414);
    t.is(JSON.parse(body).code, 'REQUEST_TARGET_TOO_LONG');
  });
}
