/** Specifies what each key under a service's `tls` does, from a gateway's YAML to the endpoints that it speaks to, and those it does not. */
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import type { EndpointItem } from '../../gateway/control/api/answers.ts';
import {
  caPem,
  certified,
  credentialsOf,
  hostname,
  startTlsOrigin,
  type TlsOrigin,
} from '../gateway/data/request/tls-origins.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let folder: PemFolder;
let gateway: GatewayProcess;
let asking: TlsOrigin;

test.before('a gateway speaks to services over TLS, each in a way of its own', async () => {
  folder = new PemFolder(await tempDir(shared));
  await folder.put('ca.pem', caPem);
  const { chainPem, keyPem } = credentialsOf(certified({ name: 'gateway', dnsNames: [] }));
  const clientCertificate = {
    certFile: await folder.put('gw.pem', chainPem),
    keyFile: await folder.put('gw.key', keyPem),
  };
  const plain = await startTlsOrigin(shared, 'plain');
  const named = certified({ dnsNames: ['a.internal'] });
  const other = await startTlsOrigin(shared, 'other', { by: named });
  asking = await startTlsOrigin(shared, 'asking', { ca: caPem, requestCert: true });
  const service = (name: string, { port }: TlsOrigin, tls?: object) => ({
    ...{ name, namespace: 'shop', check: { http: { path: '/' }, interval: '300ms' } },
    ...(tls && { tls: { caCertificates: caPem, hostname, ...tls } }),
    endpoints: [{ id: 'one', address: `127.0.0.1:${port}` }],
  });
  gateway = await GatewayProcess.prepare(shared, folder.dir, {
    cluster: 'dc1',
    workers: 1,
    services: [
      service('file', plain, { caCertificates: join(folder.dir, 'ca.pem') }),
      service('misnamed', plain, { hostname: 'elsewhere.internal' }),
      service('also', other, { subjectAltNames: ['a.internal'] }),
      service('asking', asking, { clientCertificate }),
    ],
  });
  await gateway.start();
});

/** What comes of a request: what its endpoint says, or the code of the refusal. */
async function askedFor(service: string): Promise<string> {
  const { body } = await gateway.request(`${service}.shop`);
  return body.startsWith('{') ? JSON.parse(body).code : body;
}

test.serial(
  'caCertificates: the file is read again when it changes, and checks go by it too',
  async (t) => {
    t.is(await askedFor('file'), 'plain');
    await folder.put('ca.pem', pemOf(folder.authority.certificate.raw));
    await until('others to be trusted', async () => (await askedFor('file')) !== 'plain');
    const items = await until('the check to fail', async () => {
      const found = await gateway.items<EndpointItem>('/v1/endpoints?service=file.shop');
      return found[0]?.health === 'unhealthy' ? found : undefined;
    });
    t.regex(items[0]?.reason ?? '', /unable to/);
    await folder.put('ca.pem', caPem);
    await until('it to be served again', async () => (await askedFor('file')) === 'plain');
    proves(t, 'services[].tls.caCertificates');
  },
);

test.serial('hostname, subjectAltNames: the endpoint must be called so', async (t) => {
  const [endpoint] = await until('the check to fail', async () => {
    const found = await gateway.items<EndpointItem>('/v1/endpoints?service=misnamed.shop');
    return found[0]?.health === 'unhealthy' ? found : undefined;
  });
  t.regex(endpoint?.reason ?? '', /not for elsewhere\.internal/);
  t.is(await askedFor('also'), 'other');
  proves(t, 'services[].tls.hostname', 'services[].tls.subjectAltNames');
});

test.serial('clientCertificate: it is shown, and its renewal too', async (t) => {
  t.is(await askedFor('asking'), 'asking');
  t.true(asking.heard.every((line) => line === `${hostname} gateway`));
  const { certificate, key } = certified({ name: 'renewed', dnsNames: [] });
  await folder.put('gw.key', keyPemOf(key));
  await folder.put('gw.pem', pemOf(certificate.raw));
  await until('the new one to be shown', () => asking.heard.includes(`${hostname} renewed`));
  t.is(await askedFor('asking'), 'asking');
  t.deepEqual(await gateway.problems(), []);
  proves(
    t,
    'services[].tls.clientCertificate.certFile',
    'services[].tls.clientCertificate.keyFile',
  );
});
