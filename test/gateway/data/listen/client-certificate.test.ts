/** Specifies how a client's certificate is told to services. */
import { createHash } from 'node:crypto';
import test from 'ava';
import { forwardedCertificate } from '../../../../gateway/data/client/client-certificate.ts';
import { type ForgeRequest, forge } from '../../../certs/forge.ts';

function told(request: ForgeRequest): { readonly hash: string; readonly rest: string } {
  const { certificate } = forge(request);
  const value = forwardedCertificate(certificate);
  const [, hash = '', rest = ''] = /^Hash=([0-9a-f]{64});(.*)$/.exec(value) ?? [];
  if (hash !== createHash('sha256').update(certificate.raw).digest('hex')) {
    throw new Error(`not the certificate's fingerprint: ${value}`);
  }
  return { hash, rest };
}

test('fingerprint, subject and names', (t) => {
  const uris = ['spiffe://clients.example/anna'];
  const { rest } = told({ name: 'anna', uris, dnsNames: ['anna.example'] });
  t.is(rest, 'Subject="CN=anna";URI=spiffe://clients.example/anna;DNS=anna.example');
});

test('a certificate without names', (t) => {
  t.is(told({ name: 'anna' }).rest, 'Subject="CN=anna"');
});

const subjects: Record<string, readonly [name: string, subject: string]> = {
  'quotation marks and backslashes are escaped': ['a"b\\c', String.raw`"CN=a\\\"b\\\\c"`],
  'a line break does not break the field': [
    'a\r\nx-admin: 1',
    String.raw`"CN=a\\0D\\0Ax-admin: 1"`,
  ],
  'what is beyond ASCII is told octet by octet': ['J\u00fcrgen', String.raw`"CN=J\\C3\\BCrgen"`],
  'a comma makes no second part': ['a,O=b', String.raw`"CN=a\\,O=b"`],
};

for (const [situation, [name, subject]] of Object.entries(subjects)) {
  test(situation, (t) => {
    t.is(told({ name }).rest, `Subject=${subject}`);
  });
}

test('a name that looks like two is told as one', (t) => {
  const { rest } = told({ name: 'anna', dnsNames: ['a.example, DNS:admin.example'] });
  t.is(rest, 'Subject="CN=anna";DNS="a.example, DNS:admin.example"');
});

test('a name that would end the field is escaped', (t) => {
  const { rest } = told({ name: 'anna', uris: ['urn:x";Subject="CN=root'] });
  t.is(rest, 'Subject="CN=anna";URI="urn:x\\";Subject=\\"CN=root"');
});
