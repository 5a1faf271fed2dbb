/** Specifies that the admin API is as it is described: every operation of a real gateway answers in the shape it is said to. */
import { generateKeyPairSync } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { z } from 'zod';
import { collectionOf, type PolicyKindName, policyKindNames } from '../../policy/kind-names.ts';
import { becomes, startDrill } from '../drills/scene.ts';
import { type AdminAsk, adminRequest } from '../support/admin-request.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let description: Description;

type Schema = Record<string, unknown>;
interface Content {
  readonly [media: string]: { readonly schema: Schema };
}
interface Description {
  readonly openapi: string;
  readonly paths: Record<
    string,
    Record<
      string,
      {
        readonly operationId: string;
        readonly responses: Record<string, { readonly content?: Content }>;
      }
    >
  >;
  readonly components: { readonly schemas: Record<string, Schema> };
}

test.before('two clusters are joined', async () => {
  ({ dc1 } = await federate(shared, { dc1: {}, dc2: {} }));
  for (let i = 0; i < 5; i++) await dc1.gateway.request('orders.shop');
  await dc1.gateway.request('orders.shop', { headers: { 'x-request-id': 'described' } });
  description = (await adminRequest(dc1.gateway, '/openapi.json')).json as unknown as Description;
});

const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const operatorBody = {
  name: 'alice',
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
};
const put = { address: '10.0.0.1', port: 8080 };
const many = { register: [{ service: 'cart.shop', id: 'cart-2', ...put }] };

const drill = {
  kind: 'evacuate',
  scope: { cluster: 'dc2' },
  ramp: '1s',
  duration: '10s',
  guardrails: { errorRate: 0.5 },
};
const schedule = { cron: '0 3 * * *', spec: drill };
const policy = '/v1/traffic-policies/shop/orders';
const serviceDefaults = '/v1/service-defaults/shop/orders';
const grant = '/v1/grants/policy/dc2';
const serviceExport = '/v1/service-exports/shop/orders';
const failover = '/v1/services/shop/orders/failover';

/** A policy is put, looked at and deleted. */
function policyRequests(
  kind: PolicyKindName,
  several: string,
  body: object,
): (readonly [id: string, path: string, ask?: AdminAsk])[] {
  const path = `/v1/${collectionOf(kind)}/shop/one`;
  return [
    [`put${kind}`, path, { method: 'PUT', body }],
    [`get${kind}`, path],
    [`list${several}`, `/v1/${collectionOf(kind)}`],
    [`delete${kind}`, path, { method: 'DELETE' }],
  ];
}

/** What is sent to each operation, in this order; `{drill}` is the one that was started, `{token}` the one that was made. Streams have tests of their own. */
const requests: (readonly [id: string, path: string, ask?: AdminAsk])[] = [
  ['getHealth', '/healthz'],
  ['getReadiness', '/readyz'],
  ['getStatus', '/v1/status'],
  ['getSession', '/v1/session'],
  ['getMetrics', '/metrics'],
  ['getDescription', '/openapi.json'],
  ['check', '/v1/check'],
  ['listWorkers', '/v1/workers'],
  ['getLogLevel', '/v1/log-level'],
  ['putLogLevel', '/v1/log-level', { method: 'PUT', body: { level: 'info' } }],
  ['listServices', '/v1/services'],
  ['listEndpoints', '/v1/endpoints?service=orders.shop'],
  ['listExports', '/v1/exports'],
  ['explain', '/v1/explain/orders.shop?without=dc2'],
  ['listRequests', '/v1/requests?service=orders.shop'],
  ['explainSampledRequest', '/v1/requests/described'],
  ['explainRequest', '/v1/explain', { method: 'POST', body: { service: 'orders.shop' } }],
  ['putEndpoint', '/v1/services/shop/cart/endpoints/cart-1', { method: 'PUT', body: put }],
  ['getEndpoint', '/v1/services/shop/cart/endpoints/cart-1'],
  ['heartbeat', '/v1/services/shop/cart/endpoints/cart-1/heartbeat', { method: 'PUT' }],
  ['deleteEndpoint', '/v1/services/shop/cart/endpoints/cart-1', { method: 'DELETE' }],
  ['changeEndpoints', '/v1/endpoints', { method: 'POST', body: many }],
  ['listClusters', '/v1/clusters?limit=1'],
  ['listGateways', '/v1/gateways'],
  ['listTrust', '/v1/trust'],
  ['getRegistry', '/v1/registry'],
  ['listForeignTrust', '/v1/trust/foreign'],
  ['getTrustConnections', '/v1/trust/connections'],
  ['verifyTrust', '/v1/trust/verification'],
  ['getRevocation', '/v1/trust/revocations/dc9'],
  ['getRotation', '/v1/trust/rotation'],
  ['retireRoot', '/v1/trust/retirement', { method: 'POST', body: { dryRun: true } }],
  ['getGraph', '/v1/graph?window=600'],
  ['getTraffic', '/v1/traffic'],
  ['getSamples', '/v1/samples'],
  ['listEvents', '/v1/events'],
  ['getPast', '/v1/history?about=cluster/'],
  ['getPastChanges', '/v1/history/changes?from=2100-01-01T00:00:00Z'],
  ['explainPast', '/v1/history/explain/orders.shop?at=2100-01-01T00:00:00Z'],
  ['getMeasures', '/v1/measures'],
  ['predictDrill', '/v1/drills/predict', { method: 'POST', body: drill }],
  ['startDrill', '/v1/drills?force=true', { method: 'POST', body: drill }],
  ['listDrills', '/v1/drills'],
  ['getDrill', '/v1/drills/{drill}'],
  ['getDrillMoments', '/v1/drills/{drill}/moments'],
  ['getDrillReport', '/v1/drills/{drill}/report'],
  ['abortDrill', '/v1/drills/{drill}/abort', { method: 'POST', body: {} }],
  ['putDrillSchedule', '/v1/drill-schedules/nightly', { method: 'PUT', body: schedule }],
  ['listDrillSchedules', '/v1/drill-schedules'],
  ['getDrillSchedule', '/v1/drill-schedules/nightly'],
  ['deleteDrillSchedule', '/v1/drill-schedules/nightly', { method: 'DELETE' }],
  ['drainCluster', '/v1/clusters/dc2/drain', { method: 'POST', body: { reason: 'works' } }],
  ['getOrders', '/v1/orders'],
  ['undrainCluster', '/v1/clusters/dc2/undrain', { method: 'POST', body: {} }],
  ['putDrain', '/v1/clusters/dc2/drain', { method: 'PUT', body: {} }],
  ['getDrain', '/v1/clusters/dc2/drain'],
  ['listDrains', '/v1/drains'],
  ['deleteDrain', '/v1/clusters/dc2/drain', { method: 'DELETE' }],
  ['putCluster', '/v1/clusters/dc2/settings', { method: 'PUT', body: { drained: true } }],
  ['getCluster', '/v1/clusters/dc2/settings'],
  ['deleteCluster', '/v1/clusters/dc2/settings', { method: 'DELETE' }],
  ['putFailover', failover, { method: 'PUT', body: { to: 'dc2', percent: 10 } }],
  ['getFailover', failover],
  ['listFailovers', '/v1/failovers'],
  ['failOverService', failover, { method: 'POST', body: { to: 'dc2', percent: 10 } }],
  ['endFailover', failover, { method: 'DELETE' }],
  ['putTrafficPolicy', policy, { method: 'PUT', body: { target: {}, balance: {} } }],
  ['getTrafficPolicy', policy],
  ['listTrafficPolicies', '/v1/traffic-policies'],
  ['deleteTrafficPolicy', policy, { method: 'DELETE' }],
  ['putService', serviceDefaults, { method: 'PUT', body: { check: { tcp: true } } }],
  ['getService', serviceDefaults],
  ['listServiceDefaults', '/v1/service-defaults'],
  ['deleteService', serviceDefaults, { method: 'DELETE' }],
  ['putServiceExport', serviceExport, { method: 'PUT', body: {} }],
  ['getServiceExport', serviceExport],
  ['listServiceExports', '/v1/service-exports'],
  ['deleteServiceExport', serviceExport, { method: 'DELETE' }],
  ...policyRequests('Route', 'Routes', {
    hostnames: ['orders.example.com'],
    rules: [{ backendRefs: [{ name: 'orders' }] }],
  }),
  ...policyRequests('Authorization', 'Authorizations', {
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['TRACE'] } }] }],
  }),
  ...policyRequests('Authentication', 'Authentications', {
    jwtRules: [{ issuer: 'https://issuer.example', jwks: JSON.stringify({ keys: [jwk] }) }],
  }),
  ...policyRequests('RateLimit', 'RateLimits', { requests: 100 }),
  ...policyRequests('Egress', 'Egress', { host: 'api.example.com', port: 443 }),
  ['getGivenTokens', '/v1/limits/given'],
  ['verify', '/v1/verify', { method: 'POST', body: { services: false } }],
  ['getMatrix', '/v1/verify'],
  ['getMatrixRow', '/v1/verify/row'],
  ['getGatewayFacts', '/v1/verify/facts'],
  ['getTransfer', '/v1/verify/transfer'],
  ['planPolicies', '/v1/policies/plan', { method: 'POST', body: { documents: [] } }],
  ['previewPolicies', '/v1/policies/effect', { method: 'POST', body: { documents: [] } }],
  ['readPolicies', '/v1/policies/read', { method: 'POST', body: { text: 'kind: None' } }],
  ['putPolicyGrant', grant, { method: 'PUT', body: { reason: 'it guards all' } }],
  ['getPolicyGrant', grant],
  ['listPolicyGrants', '/v1/grants/policy'],
  ['deletePolicyGrant', grant, { method: 'DELETE' }],
  ['getFounder', '/v1/federation/founder'],
  ['handOver', '/v1/federation/founder', { method: 'POST', body: { cluster: 'dc1' } }],
  ['rotateRoot', '/v1/trust/rotation', { method: 'POST', body: {} }],
  ['certifyOperator', '/v1/trust/operators', { method: 'POST', body: operatorBody }],
  ['createToken', '/v1/tokens', { method: 'POST', body: {} }],
  ['revokeToken', '/v1/tokens/{token}', { method: 'DELETE' }],
  ['listAudit', '/v1/audit'],
  ['join', '/v1/federation/join', { method: 'POST', body: { token: 'none' } }],
  ['leave', '/v1/federation/leave', { method: 'POST', body: { cluster: 'dc9' } }],
  ['stopRegistry', '/v1/registry/stop', { method: 'POST' }],
  ['startRegistry', '/v1/registry/start', { method: 'POST' }],
];

/** Policies of the whole federation are asked for as those of a cluster are. */
const collections = policyKindNames.map((kind) => `/v1/${collectionOf(kind)}`);
for (const [id, path, ask] of [...requests]) {
  if (!collections.some((one) => path === one || path.startsWith(`${one}/`))) continue;
  const wide = id.replace(/^(get|put|list|delete)/, '$1Federation');
  const at = path.replace('/v1/', '/v1/federation/');
  // At the front: further on the registry is stopped.
  const before = requests.findIndex(([other]) => other === 'startDrill');
  requests.splice(before, 0, ask ? [wide, at, ask] : [wide, at]);
}

/** What of that is refused: a drill that runs has no report yet, and a transfer is for other gateways. */
const refused = new Set(['getDrillReport', 'getTransfer', 'join', 'leave']);

/** A parser made from what the description says, and from nothing else. */
function parserOf(schema: Schema): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: description.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
}

function answersOf(id: string): Record<string, { readonly content?: Content }> {
  const operations = Object.values(description.paths).flatMap((path) => Object.values(path));
  const found = operations.find(({ operationId }) => operationId === id);
  if (!found) throw new Error(`the description has no ${id}`);
  return found.responses;
}

test.serial('every operation answers as it is described', async (t) => {
  t.is(description.openapi, '3.1.0');
  let started = '';
  let token = '';
  for (const [id, template, ask] of requests) {
    const path = template.replace('{drill}', started).replace('{token}', token);
    const { status, headers, json, text } = await adminRequest(dc1.gateway, path, ask);
    t.is(status >= 400, refused.has(id), `${id}: ${status} ${text.slice(0, 300)}`);
    if (id === 'startDrill') started = String(json['id']);
    if (id === 'createToken') token = String(json['id']);
    const answers = answersOf(id);
    const content = (answers[String(status)] ?? answers['default'])?.content;
    const media = headers['content-type']?.split(';')[0] ?? '';
    if (content === undefined) {
      t.is(text, '', `${id} has no answer`);
      continue;
    }
    const schema = content[media]?.schema;
    t.truthy(schema, `${id} answered ${status} with ${media}: ${text.slice(0, 300)}`);
    if (!schema || !media.includes('json')) continue;
    const parsed = parserOf(schema).safeParse(json);
    t.true(parsed.success, `${id}: ${parsed.error && z.prettifyError(parsed.error)}`);
  }
});

test.serial(
  'the report on a drill that is over answers as it is described, and so does the proof of it',
  async (t) => {
    // The registry was cut off and the other drill ended a moment ago: while that shows, a drill is refused.
    const { id: over } = await until('a drill to be let begin', () =>
      startDrill(dc1, { kind: 'expire-trust' }),
    );
    await becomes(dc1, over, 'done');
    const report = await adminRequest(dc1.gateway, `/v1/drills/${over}/report`);
    const verify = { method: 'POST', body: report.json } as const;
    const proof = await adminRequest(dc1.gateway, '/v1/drill-reports/verify', verify);
    for (const [id, { status, json }] of [
      ['getDrillReport', report],
      ['verifyDrillReport', proof],
    ] as const) {
      t.is(status, 200, JSON.stringify(json));
      const schema = answersOf(id)['200']?.content?.['application/json']?.schema;
      const parsed = schema && parserOf(schema).safeParse(json);
      t.true(parsed?.success, `${id}: ${parsed?.error && z.prettifyError(parsed.error)}`);
    }
  },
);

test.serial('there is no operation that the tests above do not ask', (t) => {
  const known = new Set([
    ...requests.map(([id]) => id),
    'stream',
    'watchDrill',
    'verifyDrillReport',
  ]);
  const all = Object.values(description.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  t.deepEqual(
    all.filter((id) => !known.has(id)),
    [],
  );
});

test.serial('the shapes that are described refuse what is not of them', (t) => {
  const status = parserOf({ $ref: '#/components/schemas/Status' });
  t.false(status.safeParse({ cluster: 'dc1' }).success);
  const health = parserOf({ $ref: '#/components/schemas/Health' });
  t.true(health.safeParse({ status: 'ok' }).success);
  t.false(health.safeParse({ status: 'ok', more: 1 }).success);
});
