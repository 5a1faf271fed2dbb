/** Specifies how manifests of the Gateway API are taken: as they are, but for fields that are named, and never with less than they ask for in safety. */
import test from 'ava';
import { policyKinds } from '../../../policy/kinds.ts';
import type { Manifest } from '../../../policy/manifests.ts';
import { grpcRoute, httpRoute } from '../../../policy/route/gateway-api/translate.ts';

function taken(manifest: Manifest, given: object) {
  const spec = manifest.spec.parse(given);
  const { spec: made, unhonoured } = manifest.translate({
    namespace: 'shop',
    name: 'orders',
    spec,
  });
  return {
    spec: policyKinds.Route.spec.parse(made),
    unhonoured: unhonoured.map(({ path, why }) => `${path.join('.')}: ${why}`),
  };
}

function refused(manifest: Manifest, given: object): string {
  const { error } = manifest.spec.safeParse(given);
  return (error?.issues ?? [])
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('\n');
}

test('an HTTPRoute is a Route, with what it says and no other', (t) => {
  const { spec, unhonoured } = taken(httpRoute, {
    parentRefs: [{ name: 'ingress' }],
    hostnames: ['shop.example.com'],
    rules: [
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/v2' },
            headers: [{ name: 'version', value: 'two' }],
          },
        ],
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: { set: [{ name: 'a', value: 'b' }] },
          },
        ],
        backendRefs: [
          { name: 'orders', weight: 90 },
          { name: 'orders-v2', weight: 10 },
        ],
        timeouts: { request: '1m30s' },
        retry: { codes: [503], attempts: 2 },
      },
    ],
  });
  t.deepEqual(unhonoured, []);
  t.deepEqual(spec.parentRefs, [{ kind: 'Gateway', name: 'ingress' }]);
  t.deepEqual(spec.hostnames, ['shop.example.com']);
  const [rule] = spec.rules;
  t.deepEqual(rule?.matches[0]?.path, { type: 'PathPrefix', value: '/v2' });
  t.deepEqual(
    rule?.backendRefs.map(({ weight }) => weight),
    [90, 10],
  );
  t.deepEqual(rule?.timeouts, { request: '90s' });
  t.deepEqual(rule?.retry, { codes: [503], attempts: 2 });
});

test('fields that do nothing here are named where they stand', (t) => {
  const { spec, unhonoured } = taken(httpRoute, {
    parentRefs: [
      { group: '', kind: 'Service', name: 'orders', port: 80 },
      { name: 'ingress', namespace: 'infra', sectionName: 'https' },
    ],
    useDefaultGateways: 'All',
    rules: [
      {
        name: 'a.b',
        sessionPersistence: { sessionName: 'a', absoluteTimeout: '1m30s' },
        retry: { backoff: '100ms' },
        backendRefs: [{ name: 'orders', port: 8080 }],
      },
    ],
  });
  t.deepEqual(
    unhonoured.map((told) => told.split(':')[0]),
    [
      'spec.useDefaultGateways',
      'spec.parentRefs.0.port',
      'spec.parentRefs.1.sectionName',
      'spec.parentRefs.1.namespace',
      'spec.rules.0.retry.backoff',
      'spec.rules.0.name',
      'spec.rules.0.backendRefs.0.port',
    ],
  );
  t.deepEqual(spec.rules[0]?.retry, { backoff: '100ms' });
  t.like(spec.rules[0]?.sessionPersistence, { sessionName: 'a', absoluteTimeout: '90s' });
});

test('a GRPCRoute is for gRPC alone, whatever it matches', (t) => {
  const { spec } = taken(grpcRoute, {
    parentRefs: [{ name: 'ingress' }],
    rules: [
      {
        matches: [{ method: { service: 'echo.Echo', method: 'Say' } }],
        backendRefs: [{ name: 'v1' }],
      },
      {
        matches: [{ headers: [{ name: 'version', value: 'two' }] }],
        backendRefs: [{ name: 'v2' }],
      },
      { backendRefs: [{ name: 'v3' }] },
    ],
  });
  const any = { type: 'RegularExpression', service: '.+' };
  t.deepEqual(
    spec.rules.map(({ matches }) => matches.map(({ grpc, headers }) => [grpc, headers.length])),
    [
      [[{ type: 'Exact', service: 'echo.Echo', method: 'Say' }, 0]],
      [[any, 1]],
      [[any, 0]],
    ] as never,
  );
});

test('security: a filter that is not known here is refused, for what it keeps out would come in', (t) => {
  for (const type of ['ExternalAuth', 'ExtensionRef']) {
    const rules = [{ filters: [{ type }], backendRefs: [{ name: 'orders' }] }];
    t.regex(
      refused(httpRoute, { rules }),
      /rules\.0\.filters\.0\.type: use .*must not be passed over/,
    );
  }
});

test('security: a parent of another kind is refused, for without it the Route would be for more', (t) => {
  const parentRefs = [{ kind: 'ListenerSet', name: 'a' }];
  t.regex(refused(httpRoute, { parentRefs }), /parentRefs\.0\.kind: only a Gateway or a Service/);
});
