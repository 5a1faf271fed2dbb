/** Specifies what the bundle endpoint answers to whatever it is asked. */
import test from 'ava';
import { parseBundle } from '../../../../certs/bundle.ts';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { BundleAnswers } from '../../../../gateway/control/foreign/bundle-answer.ts';
import { forge } from '../../../certs/forge.ts';

const root = forge({ name: 'root', ca: true }).certificate;
const bundle = (name: string, sequence: number) => ({
  trustDomain: parseTrustDomain(name),
  ...{ sequence, refreshHintSeconds: 300, roots: [root] },
});
const own = bundle('dc1.acme', 7);
const members = new Map([own, bundle('dc2.acme', 9)].map((one) => [`${one.trustDomain}`, one]));
const bundles = { own, member: (name: string) => members.get(name) };
const answers = new BundleAnswers(60);

for (const [path, sequence] of [
  ['/', 7],
  ['/?a=b', 7],
  ['/dc1.acme', 7],
  ['/dc2.acme', 9],
] as const) {
  test(`${path} is the bundle of sequence ${sequence}, with the hint of the configuration`, (t) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = answers.to(method, path, bundles);
      t.is(status, 200);
      t.is(headers['content-type'], 'application/json');
      const parsed = parseBundle(JSON.parse(body), own.trustDomain);
      t.like(parsed, { sequence, refreshHintSeconds: 60 });
      t.is(parsed.roots[0]?.fingerprint256, root.fingerprint256);
    }
  });
}

for (const [method, path, status] of [
  ['GET', '/dc3.acme', 404],
  ['GET', '/partner.example', 404],
  ['GET', '//', 404],
  ['GET', '/dc1.acme/', 404],
  ['GET', '/__proto__', 404],
  ['GET', '', 404],
  ['GET', undefined, 404],
  ['POST', '/', 405],
  ['OPTIONS', '*', 405],
  [undefined, '/', 405],
] as const) {
  test(`${method} ${path} is answered ${status}, without a key`, (t) => {
    const answer = answers.to(method, path, bundles);
    t.is(answer.status, status);
    t.false(answer.body.includes('keys'));
    t.is(answer.headers['allow'], status === 405 ? 'GET, HEAD' : undefined);
  });
}
