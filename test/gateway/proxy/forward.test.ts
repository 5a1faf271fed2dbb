/** Specifies how one try ends, whatever the transport: by a response of which all may still come, or as a failure. */
import { Readable } from 'node:stream';
import test from 'ava';
import { parseClusterName } from '../../../core/names.ts';
import type { Target } from '../../../gateway/balance/types.ts';
import { type EndpointTransport, forward } from '../../../gateway/proxy/forward.ts';
import type { Outcome, RequestHead } from '../../../gateway/proxy/message.ts';

const head: RequestHead = {
  method: 'GET',
  protocol: '1.1',
  path: '/',
  authority: 'orders.shop.acme',
  fields: [],
};
const options = { signal: new AbortController().signal, connectMs: 1000 };
const dc2: Target = {
  kind: 'cluster',
  key: 'cluster dc2',
  tier: 'cluster',
  cluster: parseClusterName('dc2'),
};
const noEndpoints: EndpointTransport = {
  send: () => Promise.reject(new Error('not asked')),
  close: async () => undefined,
};

/** What becomes of a response of dc2 with this body. */
function forwarded(body: Readable, fields: readonly string[] = []): Promise<Outcome> {
  const response: Outcome = { kind: 'response', status: 200, fields, body, trailers: () => [] };
  return forward(dc2, noEndpoints, { request: async () => response }, head, undefined, options);
}

function broken(): Readable {
  const body = new Readable({ read() {} }).on('error', () => undefined);
  return body.destroy(new Error('connection lost'));
}

test('a response whose body is on its way is passed on', async (t) => {
  const body = Readable.from(['part']);
  const outcome = await forwarded(body);
  t.is(outcome.kind === 'response' && outcome.body, body);
});

test('a response that broke together with its head is a failed try that may have arrived', async (t) => {
  t.like(await forwarded(broken()), { kind: 'failed', sent: 'maybe', code: 'UPSTREAM_FAILED' });
});

test("a gateway's refusal counts also where the connection broke right after it", async (t) => {
  const refusal = ['x-isthmus-refused', 'NO_HEALTHY_ENDPOINT'];
  t.like(await forwarded(broken(), refusal), { kind: 'failed', sent: 'no' });
});
