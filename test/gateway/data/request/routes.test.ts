/** Specifies what a Route does to requests: over real sockets, through data sides as workers have them. */
import { once } from 'node:events';
import { request } from 'node:http';
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { authenticationOf, authenticationSchema } from '../../../../policy/authentication.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { resourceOf } from '../../../../policy/record.ts';
import { http2Session } from '../../../support/http2-session.ts';
import { startIssuer } from '../../../support/tokens.ts';
import { until } from '../../../support/until.ts';
import { type Sides, startSides } from '../worker/data-sides.ts';
import { policy } from './authorizing.ts';
import { type Answer, raw } from './http.ts';
import { startHttp2Origin, startOrigin } from './scene.ts';

const service = (name: string) => ({ parentRefs: [{ kind: 'Service', name }] });
const rules = (...all: object[]) => ({ ...service('orders'), rules: all });
const host = 'orders.shop.acme';

/** Asks for a host's path, by the arguments that curl has for method, fields and body, without starting one each time. */
async function ask(url: string, name: string, ...args: readonly string[]): Promise<Answer> {
  const headers: Record<string, string> = { host: name };
  let method = 'GET';
  let body = '';
  for (let i = 0; i < args.length; i += 2) {
    const [option, value = ''] = args.slice(i, i + 2);
    if (option === '-X') method = value;
    else if (option === '-d') [method, body] = ['POST', value];
    else headers[value.split(': ')[0] ?? ''] = value.split(': ')[1] ?? '';
  }
  const [response] = await once(
    request(url, { method, headers, agent: false }).end(body),
    'response',
  );
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return { status: response.statusCode, headers: response.headers, body: text };
}

/** An origin that answers with its id, and what it was asked. */
function telling(t: Parameters<typeof startOrigin>[0], id: string) {
  return startOrigin(t, id, (incoming, response) => {
    const { method, url, headers } = incoming;
    response.setHeader('x-origin', 'yes');
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () =>
      response.end(
        JSON.stringify({ id, method, url, headers, body: String(Buffer.concat(chunks)) }),
      ),
    );
  });
}

function told({ body }: Answer): {
  id: string;
  url: string;
  headers: Record<string, string>;
  body: string;
} {
  return JSON.parse(body);
}

let side: Sides;
test.before(async () => {
  side = await startSides(ending);
});

/** The federation is there for all tests of the file. */
const ends: (() => unknown)[] = [];
const ending = { teardown: (end: () => unknown) => void ends.push(end) };
test.after.always(async () => {
  for (const end of ends.reverse()) await end();
});

async function scene(t: Parameters<typeof startOrigin>[0], random?: () => number) {
  const [v1, v2] = await Promise.all([telling(t, 'v1'), telling(t, 'v2')]);
  side.tell({ dc1: { 'orders.shop': [v1], 'orders-v2.shop': [v2] } }, random);
  return { v1, v2 };
}

test.serial(
  'requests for a service go where the rule leads that they fit; other services are not touched',
  async (t) => {
    await scene(t);
    side.route({
      orders: rules(
        { matches: [{ path: { value: '/v2' } }], backendRefs: [{ name: 'orders-v2' }] },
        { matches: [{ path: { value: '/' } }] },
      ),
    });
    t.is(told(await ask(`${side.url}/v2/a`, host)).id, 'v2');
    t.is(told(await ask(`${side.url}/a`, host)).id, 'v1');
    t.is(told(await ask(`${side.url}/v2`, 'orders-v2.shop.acme')).id, 'v2');
  },
);

test.serial(
  'a request that fits no rule of the service is answered 404, and says what to look at',
  async (t) => {
    await scene(t);
    side.route({ orders: rules({ matches: [{ path: { value: '/v2' } }] }) });
    const answer = await ask(`${side.url}/other`, host);
    t.is(answer.status, 404);
    t.regex(answer.body, /ROUTE_NOT_FOUND.*No rule of the Routes for orders\.shop/);
  },
);

test.serial(
  'a host that no service has is a Route’s own, also by *., until the Route is gone',
  async (t) => {
    await scene(t);
    side.route({
      web: {
        hostnames: ['shop.example.com', '*.shops.example.com'],
        rules: [{ matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'orders' }] }],
      },
    });
    for (const name of ['shop.example.com', 'a.b.shops.example.com:8080']) {
      const answer = await ask(`${side.url}/a`, name);
      t.is(told(answer).id, 'v1');
      t.is(told(answer).headers.host, name);
    }
    t.is((await ask(`${side.url}/b`, 'shop.example.com')).status, 404);
    t.is((await ask(`${side.url}/a`, 'example.com')).status, 404);
    side.route({});
    t.is((await ask(`${side.url}/a`, 'shop.example.com')).status, 404);
  },
);

test.serial(
  'a service that nobody has, and a Route governs, leads to those that the Route names',
  async (t) => {
    await scene(t);
    t.is((await ask(side.url, 'front.shop.acme')).status, 404);
    side.route({ front: { ...service('front'), rules: [{ backendRefs: [{ name: 'orders' }] }] } });
    t.is(told(await ask(side.url, 'front.shop.acme')).id, 'v1');
  },
);

test.serial(
  'backends get shares by their weights, each counted, and one of weight 0 nothing',
  async (t) => {
    let drawn = 0;
    await scene(t, () => (drawn = (drawn + 0.05) % 1));
    side.route({
      orders: rules({
        backendRefs: [
          { name: 'orders', weight: 90 },
          { name: 'orders-v2', weight: 10 },
          { name: 'nobody', weight: 0 },
        ],
      }),
    });
    const ids = await Promise.all(
      Array.from({ length: 40 }, async () => told(await ask(side.url, host)).id),
    );
    const share = ids.filter((id) => id === 'v2').length;
    t.true(share > 0 && share < 20, String(share));
    t.is(side.decided('orders', 'to orders-v2.shop'), share);
    t.is(side.decided('orders', 'to orders.shop'), 40 - share);
  },
);

test.serial(
  'a backend that nobody has is 500 for its share, and so is a rule whose weights are all 0; each is counted',
  async (t) => {
    await scene(t);
    side.route({
      orders: rules(
        { matches: [{ path: { value: '/none' } }], backendRefs: [{ name: 'nobody' }] },
        { matches: [{ path: { value: '/zero' } }], backendRefs: [{ name: 'orders', weight: 0 }] },
      ),
    });
    const none = await ask(`${side.url}/none`, host);
    t.is(none.status, 500);
    t.regex(none.body, /BACKEND_NOT_FOUND.*nobody\.shop/);
    t.is((await ask(`${side.url}/zero`, host)).status, 500);
    t.is(side.decided('orders', 'no-backend'), 2);
  },
);

test.serial(
  'fields are set, added and removed of requests and answers; those of a backend for that alone',
  async (t) => {
    await scene(t);
    const change = {
      set: [{ name: 'X-Set', value: 'new' }],
      add: [{ name: 'x-add', value: 'b' }],
      remove: ['x-gone'],
    };
    side.route({
      orders: rules({
        filters: [
          { type: 'RequestHeaderModifier', requestHeaderModifier: change },
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { set: [{ name: 'x-origin', value: 'no' }] },
          },
        ],
        backendRefs: [
          {
            name: 'orders',
            filters: [
              {
                type: 'RequestHeaderModifier',
                requestHeaderModifier: { add: [{ name: 'x-backend', value: 'v1' }] },
              },
            ],
          },
        ],
      }),
    });
    const answer = await ask(
      side.url,
      host,
      '-H',
      'x-set: old',
      '-H',
      'x-add: a',
      '-H',
      'x-gone: 1',
    );
    const { headers } = told(answer);
    t.is(headers['x-set'], 'new');
    t.is(headers['x-add'], 'a, b');
    t.is(headers['x-gone'], undefined);
    t.is(headers['x-backend'], 'v1');
    t.is(answer.headers['x-origin'], 'no');
  },
);

test.serial('a request is rewritten: its path below a prefix, and its host', async (t) => {
  await scene(t);
  side.route({
    orders: rules({
      matches: [{ path: { value: '/api' } }],
      filters: [
        {
          type: 'URLRewrite',
          urlRewrite: {
            hostname: 'inner.example.com',
            path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v1' },
          },
        },
      ],
    }),
  });
  const { url, headers } = told(await ask(`${side.url}/api/a?b=c`, host));
  t.is(url, '/v1/a?b=c');
  t.is(headers.host, 'inner.example.com');
});

test.serial(
  'a client is redirected, and told what a rule says in the place of a service',
  async (t) => {
    const { v1 } = await scene(t);
    side.route({
      orders: rules(
        {
          matches: [{ path: { value: '/old' } }],
          filters: [
            {
              type: 'RequestRedirect',
              requestRedirect: {
                scheme: 'https',
                statusCode: 301,
                path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' },
              },
            },
          ],
        },
        {
          matches: [{ path: { value: '/closed' } }],
          directResponse: { status: 503, body: '{"closed":true}', contentType: 'application/json' },
        },
      ),
    });
    const moved = await ask(`${side.url}/old/a?b`, host);
    t.is(moved.status, 301);
    t.is(moved.headers.location, 'https://orders.shop.acme/new/a?b');
    const closed = await ask(`${side.url}/closed`, host);
    t.deepEqual(
      [closed.status, closed.headers['content-type'], closed.body],
      [503, 'application/json', '{"closed":true}'],
    );
    t.is(v1.requests.length, 0);
    t.deepEqual([side.decided('orders', 'redirected'), side.decided('orders', 'answered')], [1, 1]);
  },
);

test.serial(
  'a browser is answered what it asks before a request, and answers say who may read them',
  async (t) => {
    const { v1 } = await scene(t);
    side.route({
      orders: rules({
        filters: [
          {
            type: 'CORS',
            cors: {
              allowOrigins: ['https://*.example.com', 'http://localhost:3000'],
              allowMethods: ['PUT'],
              allowHeaders: ['x-a'],
              exposeHeaders: ['x-b'],
              allowCredentials: true,
              maxAge: 60,
            },
          },
        ],
      }),
    });
    const before = (origin: string) =>
      ask(
        side.url,
        host,
        '-X',
        'OPTIONS',
        '-H',
        `origin: ${origin}`,
        '-H',
        'access-control-request-method: PUT',
      );
    const let_ = await before('https://a.b.example.com');
    t.is(let_.status, 204);
    t.like(let_.headers, {
      'access-control-allow-origin': 'https://a.b.example.com',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '60',
    });
    for (const origin of [
      'https://example.com',
      'http://a.example.com',
      'https://a.example.com.evil.org',
      'null',
    ]) {
      t.is((await before(origin)).headers['access-control-allow-origin'], undefined, origin);
    }
    t.is(v1.requests.length, 0);
    const answer = await ask(side.url, host, '-H', 'origin: http://localhost:3000');
    t.is(answer.headers['access-control-allow-origin'], 'http://localhost:3000');
    t.is(answer.headers['access-control-expose-headers'], 'x-b');
    t.is((await ask(side.url, host)).headers['access-control-allow-origin'], undefined);
  },
);

test.serial('requests are held and aborted on purpose, those with a field alone', async (t) => {
  const { v1 } = await scene(t);
  const only = { name: 'x-chaos', value: 'yes' };
  side.route({
    orders: rules({
      fault: {
        delay: { duration: '300ms', header: only },
        abort: { httpStatus: 418, header: only },
      },
    }),
  });
  const began = performance.now();
  const aborted = await ask(side.url, host, '-H', 'x-chaos: yes');
  t.true(performance.now() - began >= 300);
  t.is(aborted.status, 418);
  t.is(v1.requests.length, 0);
  t.is((await ask(side.url, host)).status, 200);
  t.deepEqual([side.decided('orders', 'delayed'), side.decided('orders', 'aborted')], [1, 1]);
});

test.serial('a request with a body that is held goes on whole', async (t) => {
  await scene(t);
  side.route({ orders: rules({ fault: { delay: { duration: '50ms' } } }) });
  const answer = await ask(side.url, host, '-d', 'a body');
  t.is(told(answer).body, 'a body');
});

test.serial(
  'a copy of a request goes to another service with its body and changes, and its answer is dropped',
  async (t) => {
    const { v2 } = await scene(t);
    side.route({
      orders: rules({
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: { set: [{ name: 'x-a', value: 'b' }] },
          },
          { type: 'RequestMirror', requestMirror: { backendRef: { name: 'orders-v2' } } },
        ],
      }),
    });
    const copies: string[] = [];
    v2.server.on('request', (incoming) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk));
      incoming.on('end', () =>
        copies.push(`${incoming.method} ${incoming.headers['x-a']} ${body}`),
      );
    });
    t.is(told(await ask(`${side.url}/a`, host, '-d', 'a body')).id, 'v1');
    t.is(told(await ask(`${side.url}/a`, host)).id, 'v1');
    await until('the copies', () => copies.length === 2);
    t.deepEqual(copies.toSorted(), ['GET b ', 'POST b a body']);
    t.is(side.decided('orders', 'mirrored'), 2);
    await until('nothing in flight', () => side.recorder.inFlight === 0);
  },
);

test.serial(
  'what is copied never delays or fails the request: not by a service that is not there, is slow, or by a body that is large',
  async (t) => {
    await scene(t);
    const mirror = (name: string) => ({
      type: 'RequestMirror',
      requestMirror: { backendRef: { name } },
    });
    side.route({ orders: rules({ filters: [mirror('nobody'), mirror('orders-v2')] }) });
    const body = 'x'.repeat(100_000);
    const outgoing = request(side.url, { method: 'POST', headers: { host } });
    outgoing.end(body);
    const [response] = await once(outgoing, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    t.is(JSON.parse(text).body.length, body.length);
    t.is(side.decided('orders', 'mirror-too-large'), 2);
    t.is((await ask(side.url, host)).status, 200);
    await until('no mirror', () => side.decided('orders', 'mirror-no-backend') === 1);
  },
);

test.serial('a rule has time limits and retries of its own', async (t) => {
  const origin = await startOrigin(t, 'slow', (incoming, response) => {
    if (incoming.url === '/slow') return;
    response.statusCode = origin.requests.length < 3 ? 500 : 200;
    response.end();
  });
  side.tell({
    dc1: { 'orders.shop': [origin, { ...origin, id: 'b' }, { ...origin, id: 'c' }] },
  });
  side.route({
    orders: rules(
      { matches: [{ path: { value: '/slow' } }], timeouts: { request: '200ms' } },
      { retry: { codes: [500], attempts: 3 } },
    ),
  });
  t.is((await ask(`${side.url}/slow`, host)).status, 504);
  const before = origin.requests.length;
  t.is((await ask(side.url, host)).status, before >= 3 ? 200 : 500);
});

test.serial(
  'calls of gRPC go by their service and method, and are told of no rule and no backend in gRPC’s own way',
  async (t) => {
    const origin = await startHttp2Origin(t, 'v1', (stream, fields) => {
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '0',
          'x-path': fields[':path'],
        },
        { endStream: true },
      );
    });
    side.tell({ dc1: { 'orders.shop': [{ ...origin, protocol: 'grpc' }] } });
    side.route({
      orders: rules(
        { matches: [{ grpc: { service: 'echo.Echo', method: 'Say' } }] },
        {
          matches: [{ grpc: { service: 'echo.Echo', method: 'Gone' } }],
          backendRefs: [{ name: 'nobody' }],
        },
        {
          matches: [{ grpc: { service: 'echo.Echo', method: 'Fail' } }],
          fault: { abort: { grpcStatus: 8 } },
        },
      ),
    });
    const session = await http2Session(t, side.url);
    const call = async (path: string) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        ':authority': host,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.end();
      const [fields] = await once(stream, 'response');
      stream.resume();
      return String(fields['grpc-status']);
    };
    t.is(await call('/echo.Echo/Say'), '0');
    t.is(await call('/echo.Echo/Other'), '12');
    t.is(await call('/echo.Echo/Gone'), '14');
    t.is(await call('/echo.Echo/Fail'), '8');
  },
);

test.serial(
  'a backend may be one cluster, or the endpoints with some labels, in both',
  async (t) => {
    const at = async (id: string, version: string) => ({
      ...(await telling(t, id)),
      labels: { version },
    });
    const [h1, h2, t1, t2] = await Promise.all([
      at('h1', '1'),
      at('h2', '2'),
      at('t1', '1'),
      at('t3', '3'),
    ]);
    side.tell({
      dc1: { 'orders.shop': [h1, h2], 'far.shop': [] },
      dc2: { 'orders.shop': [t1, t2] },
    });
    const part = (path: string, backend: object) => ({
      matches: [{ path: { value: path } }],
      backendRefs: [{ name: 'orders', ...backend }],
    });
    side.route({
      orders: rules(
        part('/dc2', { cluster: 'dc2' }),
        part('/two', { subset: { version: '2' } }),
        part('/three', { subset: { version: '3' } }),
        part('/dc2-one', { cluster: 'dc2', subset: { version: '1' } }),
        part('/nine', { subset: { version: '9' } }),
      ),
    });
    const ids = async (path: string) => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => ask(`${side.url}${path}`, host)),
      );
      return [
        ...new Set(
          answers.map((answer) => (answer.status === 200 ? told(answer).id : answer.body)),
        ),
      ].sort();
    };
    t.deepEqual(await ids('/dc2'), ['t1', 't3']);
    t.deepEqual(await ids('/two'), ['h2']);
    t.deepEqual(await ids('/three'), ['t3']);
    t.deepEqual(await ids('/dc2-one'), ['t1']);
    t.regex(String(await ids('/nine')), /NO_HEALTHY_ENDPOINT/);
  },
);

test.serial(
  'security: a client does not choose the endpoints by the field that gateways tell each other labels by',
  async (t) => {
    const [one, two] = await Promise.all([telling(t, 'one'), telling(t, 'two')]);
    side.tell({
      dc1: {},
      dc2: {
        'orders.shop': [
          { ...one, labels: { version: '1' } },
          { ...two, labels: { version: '2' } },
        ],
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => ask(side.url, host, '-H', 'x-isthmus-subset: version=2')),
    );
    const ids = new Set(answers.map((answer) => told(answer).id));
    t.deepEqual([...ids].sort(), ['one', 'two']);
    t.false(answers.some((answer) => 'x-isthmus-subset' in told(answer).headers));
  },
);

test.serial(
  'a Route is applied where a request comes in, and not again by the cluster that serves it',
  async (t) => {
    const far = await telling(t, 'far');
    side.tell({ dc1: {}, dc2: { 'orders.shop': [far] } });
    side.route({
      orders: rules({
        matches: [{ path: { value: '/api' } }],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/api/v1' } },
          },
        ],
      }),
    });
    t.is(told(await ask(`${side.url}/api/a`, host)).url, '/api/v1/a');
  },
);

test.serial(
  'security: a rule that leads to another service leads around neither its DENY nor the token that it asks for',
  async (t) => {
    const { v2 } = await scene(t);
    const { issuer, jwks, token } = await startIssuer('https://id.example.com');
    const target = { service: parseServiceName('orders-v2.shop') };
    const to = { orders: rules({ backendRefs: [{ name: 'orders-v2' }] }) };
    const written = { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] };
    side.route(to, [{ ...policy('no-delete', written), target }]);
    t.is((await ask(side.url, host, '-X', 'DELETE')).status, 403);
    t.is((await ask(side.url, host)).status, 200);
    const spec = authenticationOf(
      authenticationSchema.parse({ jwtRules: [{ issuer, jwks }], required: true }),
    );
    side.route(to, [{ kind: 'Authentication', name: 'Authentication/shop/tokens', target, spec }]);
    t.is((await ask(side.url, host)).status, 401);
    t.is(v2.requests.length, 1);
    const bearer = ['-H', `authorization: Bearer ${await token()}`];
    t.is((await ask(side.url, host, ...bearer)).status, 200);
    t.is(told(await ask(side.url, host, ...bearer)).headers['authorization'], undefined);
    const asked = parseServiceName('orders.shop');
    const principals = { rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }] };
    side.route(to, [
      { kind: 'Authentication', name: 'Authentication/shop/a', target: { service: asked }, spec },
      { ...policy('with-token', principals), target },
    ]);
    t.is((await ask(side.url, host, ...bearer)).status, 403, 'the token of another service');
  },
);

test.serial(
  'security: copies lead around neither the token that their service asks for nor its limits, and those for the service that was asked count once',
  async (t) => {
    const { v1, v2 } = await scene(t);
    const { issuer, jwks, token } = await startIssuer('https://id.example.com');
    const mirrored = (name: string) => ({
      orders: rules({
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name } } }],
      }),
    });
    const spec = authenticationOf(
      authenticationSchema.parse({ jwtRules: [{ issuer, jwks }], required: true }),
    );
    const target = { service: parseServiceName('orders-v2.shop') };
    side.route(mirrored('orders-v2'), [
      { kind: 'Authentication', name: 'Authentication/shop/tokens', target, spec },
    ]);
    t.is((await ask(side.url, host)).status, 200);
    const bad = ['-H', 'authorization: Bearer of-nobody'];
    t.is((await ask(side.url, host, '-d', 'a body', ...bad)).status, 200);
    await until('both', () => side.decided('orders', 'mirror-unauthenticated') === 2);
    t.is(v2.requests.length, 0);
    const bearer = `Bearer ${await token()}`;
    t.is((await ask(side.url, host, '-H', `authorization: ${bearer}`)).status, 200);
    await until('the copy', () => v2.requests.length === 1);
    t.is(v2.requests[0]?.headers.authorization, undefined, 'as of any request for it');
    t.is(v1.requests.at(-1)?.headers.authorization, bearer);

    const two = (name: string) => limit(`two-${name}`, { target: { service: name }, requests: 2 });
    side.route(mirrored('orders-v2'), [two('orders-v2')]);
    for (let i = 0; i < 4; i++) t.is((await ask(side.url, host)).status, 200);
    await until('the others', () => side.decided('orders', 'mirror-limited') === 2);
    await until('two copies', () => v2.requests.length === 3);
    t.is((await ask(side.url, 'orders-v2.shop.acme')).status, 429, 'copies have spent it');
    side.route(mirrored('orders'), [two('orders')]);
    const asked = ['/', host] as const;
    t.deepEqual(await statusesOf(asked, asked, asked), [200, 200, 429]);
    await until('its own copies', () => side.decided('orders', 'mirrored') === 2);
    await until('nothing in flight', () => side.recorder.inFlight === 0);
  },
);

test.serial(
  'security: a Route for a host that is named as the service it leads to leads around neither its DENY nor the token that it asks for',
  async (t) => {
    const { v1 } = await scene(t);
    const { issuer, jwks } = await startIssuer('https://id.example.com');
    const target = { service: parseServiceName('orders.shop') };
    const backendRefs = [{ name: 'orders' }];
    const to = {
      orders: {
        parentRefs: [{ name: 'outbound' }],
        hostnames: ['orders.example.com'],
        rules: [{ backendRefs }],
      },
    };
    const written = { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] };
    side.route(to, [{ ...policy('no-delete', written), target }]);
    t.is((await ask(side.url, 'orders.example.com', '-X', 'DELETE')).status, 403);
    const jwtRules = [{ issuer, jwks }];
    const spec = authenticationOf(authenticationSchema.parse({ jwtRules, required: true }));
    side.route(to, [{ kind: 'Authentication', name: 'Authentication/shop/tokens', target, spec }]);
    t.is((await ask(side.url, 'orders.example.com')).status, 401);
    t.is(v1.requests.length, 0);
  },
);

test.serial('raw octets to a service that has Routes go as they did', async (t) => {
  await scene(t);
  side.route({ orders: rules({ matches: [{ path: { value: '/never' } }] }) });
  const answer = await raw(
    side.url,
    `CONNECT ${host}:80 HTTP/1.1\r\nhost: ${host}:80\r\n\r\n`,
    () => undefined,
  ).catch(String);
  t.notRegex(answer, /ROUTE_NOT_FOUND/);
});

/** A RateLimit of the namespace shop, as somebody writes it; nothing comes back while a test runs. */
function limit(name: string, spec: object) {
  const made = resourceOf('/key', {
    ...{ cluster: parseClusterName('dc1'), namespace: 'shop', kind: 'RateLimit', name },
    ...{ by: 'ada', at: 1, spec: { per: '24h', tell: 'never', ...spec } },
  });
  if (made === undefined) throw new Error('no RateLimit');
  return made;
}

async function statusesOf(...asked: readonly (readonly [path: string, host: string])[]) {
  const seen: number[] = [];
  for (const [path, name] of asked) seen.push((await ask(`${side.url}${path}`, name)).status);
  return seen;
}

test.serial(
  'a rule’s rateLimit holds for the requests of all rules that name it together, and for no others',
  async (t) => {
    await scene(t);
    const named = { rateLimit: 'scarce', matches: [{ path: { value: '/scarce' } }] };
    const rest = { matches: [{ path: { value: '/' } }] };
    side.route(
      {
        orders: rules(named, rest),
        v2: { ...service('orders-v2'), rules: [named, rest] },
        web: {
          hostnames: ['shop.example.com'],
          rules: [{ rateLimit: 'scarce', backendRefs: [{ name: 'orders' }] }],
        },
      },
      [limit('scarce', { requests: 3, target: { named: true } })],
    );
    const v2 = 'orders-v2.shop.acme';
    t.deepEqual(
      await statusesOf(
        ...[['/', host] as const, ['/scarce', host] as const, ['/scarce', v2] as const],
        ...[
          ['/', 'shop.example.com'] as const,
          ['/scarce', host] as const,
          ['/scarce', v2] as const,
        ],
        ...[['/', 'shop.example.com'] as const, ['/', host] as const, ['/', v2] as const],
      ),
      [200, 200, 200, 200, 429, 429, 429, 200, 200],
    );
  },
);

test.serial(
  'a limit that is for the service and named by its rule counts a request once; one that is not there limits nothing',
  async (t) => {
    await scene(t);
    const all = rules({ rateLimit: 'few' });
    side.route({ orders: all }, [limit('few', { requests: 2, target: { service: 'orders' } })]);
    const asked = ['/', host] as const;
    t.deepEqual(await statusesOf(asked, asked, asked), [200, 200, 429]);
    side.route({ orders: all });
    t.deepEqual(await statusesOf(asked, asked, asked), [200, 200, 200]);
  },
);

test.serial('a rule’s rateLimit means the federation’s where the cluster has none', async (t) => {
  await scene(t);
  const { name, ...rest } = limit('common', { requests: 1, target: { named: true } });
  const ofAll = { ...rest, name: `@/${name}`, ofFederation: true } as typeof rest & {
    name: string;
  };
  side.route({ orders: rules({ rateLimit: 'common' }) }, [ofAll as PolicyResource]);
  const asked = ['/', host] as const;
  t.deepEqual(await statusesOf(asked, asked), [200, 429]);
  const own = limit('common', { requests: 5, target: { named: true } });
  side.route({ orders: rules({ rateLimit: 'common' }) }, [ofAll as PolicyResource, own]);
  t.deepEqual(await statusesOf(asked, asked), [200, 200]);
});

/** What a client sends back of the cookie that an answer sets. */
function broughtBack({ headers }: Answer): readonly string[] {
  const [cookie = ''] = headers['set-cookie'] ?? [];
  return ['-H', `cookie: theme=dark; ${cookie.split(';')[0]}`];
}

/** A rule that keeps sessions, with so much weight for v2. */
function keeping(session: object, v2: number, besides: object = {}) {
  return rules({
    sessionPersistence: session,
    backendRefs: [
      { name: 'orders', weight: 1 },
      { name: 'orders-v2', weight: v2, ...besides },
    ],
  });
}

test.serial(
  'sessionPersistence: a client comes back to the backend that was drawn and to its endpoint, also once it gets no others',
  async (t) => {
    const [v1, v2, other] = await Promise.all(['v1', 'v2', 'v2-b'].map((id) => telling(t, id)));
    side.tell({ dc1: { 'orders.shop': [v1], 'orders-v2.shop': [v2, other] } as never });
    side.route({ orders: keeping({ sessionName: 'stay' }, 1_000_000) });
    const first = await ask(side.url, host);
    const { id } = told(first);
    t.true(id.startsWith('v2'));
    t.regex(
      `${first.headers['set-cookie']}`,
      /^stay=[\w-]{8}\.\w+\.\w+\.[\w-]{8}\.[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    side.route({ orders: keeping({ sessionName: 'stay' }, 0) });
    for (let i = 0; i < 8; i++) {
      const again = await ask(side.url, host, ...broughtBack(first));
      t.is(told(again).id, id);
      t.is(again.headers['set-cookie'], undefined);
    }
    t.is(told(await ask(side.url, host)).id, 'v1');
    // Whom the rule leads to no more has no sessions either.
    side.route({ orders: rules({ sessionPersistence: {}, backendRefs: [{ name: 'orders' }] }) });
    t.is(told(await ask(side.url, host, ...broughtBack(first))).id, 'v1');
  },
);

test.serial(
  'sessionPersistence: by a field, with the name of the rule’s own where it says none; a session that is over begins anew',
  async (t) => {
    await scene(t);
    side.route({ orders: keeping({ type: 'Header', absoluteTimeout: '1s' }, 1) });
    const fieldOf = ({ headers }: Answer) =>
      Object.entries(headers).find(([name]) => /^isthmus-session-[0-9a-f]{8}$/.test(name));
    const first = await ask(side.url, host);
    const [name = '', value] = fieldOf(first) ?? [];
    const back = () => ask(side.url, host, '-H', `${name}: ${value}`);
    await until('it to be over', async () => fieldOf(await back()) !== undefined);
    side.route({ orders: keeping({ type: 'Header' }, 1) });
    for (let i = 0; i < 8; i++) t.is(told(await back()).id, told(first).id);
  },
);

test.serial(
  'sessionPersistence: a permanent cookie lasts as long as the session, and is renewed where it may not be idle',
  async (t) => {
    await scene(t);
    const permanent = { cookieConfig: { lifetimeType: 'Permanent' }, absoluteTimeout: '1h' };
    side.route({ orders: keeping({ ...permanent, idleTimeout: '10m' }, 1) });
    const first = await ask(side.url, host);
    t.regex(`${first.headers['set-cookie']}`, /; Max-Age=3600; /);
    await until('it to be renewed', async () => {
      const again = await ask(side.url, host, ...broughtBack(first));
      t.is(told(again).id, told(first).id);
      return again.headers['set-cookie'];
    });
  },
);

test.serial(
  'sessionPersistence: in another cluster it is one endpoint, too, whatever that cluster’s own policies say',
  async (t) => {
    const here = await telling(t, 'here');
    const far = await Promise.all(['far-1', 'far-2', 'far-3'].map((id) => telling(t, id)));
    const labels = { version: 'v2' };
    side.tell({
      dc1: { 'orders.shop': [here] },
      dc2: { 'orders.shop': far.map(({ id, port }) => ({ id, port, labels })) },
    });
    const there = { cluster: 'dc2', subset: labels };
    const session = { sessionPersistence: {} };
    side.route({ orders: rules({ ...session, backendRefs: [{ name: 'orders', ...there }] }) });
    const first = await ask(side.url, host);
    const { id, headers } = told(first);
    t.regex(id, /^far/);
    for (let i = 0; i < 12; i++) {
      const again = told(await ask(side.url, host, ...broughtBack(first)));
      t.is(again.id, id);
      t.is(again.headers['x-isthmus-session'], undefined);
    }
    t.is(headers['x-isthmus-session'], undefined);
  },
);

test.serial(
  'security: a session that a client makes up leads to none but the rule’s backends, and its x-isthmus-session nowhere',
  async (t) => {
    await scene(t);
    side.route({ orders: keeping({ sessionName: 'stay' }, 0) });
    for (const made of ['stay=AAAAAAAA.1.1.AAAAAAAA.AAAAAAAAAAAAAAAA', 'stay=x', 'stay=']) {
      const answer = await ask(side.url, host, '-H', `cookie: ${made}`);
      t.is(told(answer).id, 'v1');
    }
    const answer = await ask(side.url, host, '-H', 'x-isthmus-session: AAAAAAAA.AAAAAAAAAAAAAAAA');
    t.is(told(answer).headers['x-isthmus-session'], undefined);
  },
);
