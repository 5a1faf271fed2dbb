/** Owns the policies that a gateway has which is to be asked for none of what they say: 500 Routes and 200 others, tokens of one route's service among them. */
import { generateKeyPairSync } from 'node:crypto';
import { type Expected, expectAnswer, http1For } from './probe.ts';
import { authority } from './running.ts';

const routes = 500;
const others = 200;

/** By their paths in the admin API. */
function written(): ReadonlyMap<string, object> {
  const all = new Map<string, object>();
  for (let i = 0; i < routes; i++) {
    all.set(`routes/bench/host-${i}`, {
      hostnames: [`host-${i}.example.com`],
      parentRefs: [{ name: 'outbound' }],
      rules: [{ matches: [{ path: { value: '/api' } }], backendRefs: [{ name: 'web' }] }],
    });
  }
  all.set('routes/bench/private', {
    hostnames: ['private.example.com'],
    parentRefs: [{ name: 'outbound' }],
    rules: [{ backendRefs: [{ name: 'private' }] }],
  });
  all.set('authentications/bench/private', {
    target: { service: 'private' },
    jwtRules: [{ issuer: 'https://id.example.com', jwks: keySet() }],
    required: true,
  });
  const kinds = [denied, limited, timed];
  for (let i = 0; all.size < routes + others; i++) {
    for (const [path, body] of kinds.map((kind) => kind(i))) all.set(path, body);
  }
  return all;
}

/** For the very service that is asked, and other paths than the one that is. */
function denied(i: number): [string, object] {
  const rules = [{ to: [{ operation: { paths: [`/denied-${i}`, `/denied-${i}/*`] } }] }];
  return [
    `authorizations/bench/denied-${i}`,
    { target: { service: 'web' }, action: 'DENY', rules },
  ];
}

function limited(i: number): [string, object] {
  return [`rate-limits/bench/other-${i}`, { target: { service: `other-${i}` }, requests: 100 }];
}

function timed(i: number): [string, object] {
  const timeouts = { request: '5s' };
  return [`traffic-policies/bench/other-${i}`, { target: { service: `other-${i}` }, timeouts }];
}

function keySet(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }] });
}

/** Writes them, and resolves once requests go by the first and the last of each. */
export async function writePolicies(admin: string, outbound: number): Promise<void> {
  for (const [path, body] of written()) {
    const response = await fetch(`${admin}/v1/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    await response.body?.cancel();
  }
  const asks: [Expected, number][] = [
    [http1For(outbound, `host-${routes - 1}.example.com`, '/api/small'), 404],
    [http1For(outbound, 'private.example.com', '/'), 401],
    [http1For(outbound, authority, '/denied-0/a'), 403],
  ];
  for (const [ask, status] of asks) await expectAnswer(ask, status);
}
