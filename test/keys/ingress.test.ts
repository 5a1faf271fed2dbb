/** Specifies what each key under `ingress` and `tcp` does, from a gateway's YAML to clients from outside. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import anyTest, { type TestFn } from 'ava';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import type { RequestExplanation } from '../../gateway/control/api/answers.ts';
import { TlsClient } from '../gateway/data/listen/tls-client.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { startOrigin } from '../support/origin.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { dialTcp, readAll, startTcpService } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { soon } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const listen = '127.0.0.1:0';
const www = 'www.example.com';
/** A service's own name. */
const own = 'web.shop.acme';
let folder: PemFolder;
let gateway: GatewayProcess;
/** Most is set; nothing but clients' certificates; nothing but HTTP/2. */
let clients: readonly TlsClient[];

/** An endpoint that ends TLS itself, and says so. */
async function startTls(name: string): Promise<string> {
  const { certificate, key } = folder.issue([name]);
  const pems = { cert: pemOf(certificate.raw), key: keyPemOf(key) };
  const server = createTlsServer(pems, (socket) => void socket.end('passed on'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  shared.teardown(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.before('a gateway with ports for clients from outside', async () => {
  folder = new PemFolder(await tempDir(shared));
  const endpoint = async (name: string) => {
    const { address } = await startOrigin(shared, ({ headers }, response) => {
      response.end(`${name}, ${headers['x-forwarded-client-cert'] ?? 'nobody'}`);
    });
    return [{ id: 'one', address }];
  };
  const echo = await startTcpService(shared);
  const tls = [{ id: 'one', address: await startTls('raw.example.com') }];
  const tcp = [{ id: 'one', address: `127.0.0.1:${echo.port}` }];
  const main = await folder.make('www', www, own);
  const any = await folder.make('any', '*.example.org');
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    workers: 1,
    services: [
      { name: 'web', namespace: 'shop', endpoints: await endpoint('web') },
      { name: 'rest', namespace: 'shop', endpoints: await endpoint('rest') },
      { name: 'secret', namespace: 'shop', protocol: 'tls', endpoints: tls },
      { name: 'echo', namespace: 'shop', protocol: 'tcp', endpoints: tcp },
    ],
    tcp: [{ listen, service: 'echo.shop' }],
    ingress: [
      {
        listen,
        certificates: [
          { ...main, default: true },
          { ...any, hosts: ['api.example.org'] },
        ],
        http2: false,
        minVersion: 'TLSv1.3',
        serviceNames: false,
        routes: [{ host: www, path: '/web', service: 'web.shop' }],
        defaultService: 'rest.shop',
        passthrough: [{ host: 'raw.example.com', service: 'secret.shop' }],
      },
      {
        listen,
        certificates: [main],
        clientCertificates: { ca: await folder.ca(), required: false },
        routes: [{ host: www, service: 'web.shop' }],
      },
      { listen, certificates: [main], http: false },
      { listen, handshakeTimeout: '300ms' },
    ],
  });
  await gateway.start();
  clients = ([0, 1, 2] as const).map(
    (i) => new TlsClient(shared, folder, gateway.listener(`ingress.${i}`)),
  );
});

/** A connection to one of the listeners for a name. */
async function connect(
  listener: 0 | 1 | 2,
  name: string,
  options: Parameters<TlsClient['open']>[1] = {},
): Promise<TLSSocket> {
  const socket = clients[listener]?.open(name, options);
  if (socket === undefined) throw new Error(`there is no listener ${listener}`);
  await once(socket, 'secureConnect');
  return socket;
}

/** What is said in the answer. */
async function ask(socket: TLSSocket, host: string, path: string): Promise<string | undefined> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return (await text(socket)).split('\r\n').at(-1);
}

test('routes, defaultService: what fits no route has a service, too', async (t) => {
  t.is(await ask(await connect(0, www), www, '/web/a'), 'web, nobody');
  t.is(await ask(await connect(0, www), www, '/other'), 'rest, nobody');
  proves(
    t,
    'ingress[].listen',
    'ingress[].certificates[].cert',
    'ingress[].certificates[].key',
    'ingress[].routes[].host',
    'ingress[].routes[].path',
    'ingress[].routes[].service',
    'ingress[].defaultService',
  );
});

test('serviceNames: false has services go by no names of their own', async (t) => {
  t.is(await ask(await connect(0, own), own, '/'), 'rest, nobody');
  proves(t, 'ingress[].serviceNames');
});

test('hosts, default: a certificate is for names that are said, and one for all others', async (t) => {
  const shown = async (name: string) => {
    const socket = await connect(0, name, { rejectUnauthorized: false });
    return socket.getPeerCertificate().subjectaltname;
  };
  t.is(await shown('api.example.org'), 'DNS:*.example.org');
  t.is(await shown('b.example.org'), `DNS:${www}, DNS:${own}`);
  proves(t, 'ingress[].certificates[].hosts', 'ingress[].certificates[].default');
});

test('passthrough: the service itself ends TLS', async (t) => {
  t.is(await text(await connect(0, 'raw.example.com')), 'passed on');
  proves(t, 'ingress[].passthrough[].host', 'ingress[].passthrough[].service');
});

test('minVersion: an older one is refused', async (t) => {
  await t.throwsAsync(connect(0, www, { maxVersion: 'TLSv1.2' }), { message: /version/ });
  proves(t, 'ingress[].minVersion');
});

test('http2: false speaks HTTP/1.1 alone, http: false HTTP/2 alone', async (t) => {
  const { alpnProtocol } = await connect(0, www, { ALPNProtocols: ['h2', 'http/1.1'] });
  t.is(alpnProtocol, 'http/1.1');
  const old = connect(2, www, { ALPNProtocols: ['http/1.1'] });
  await t.throwsAsync(old, { message: /no application protocol/ });
  proves(t, 'ingress[].http', 'ingress[].http2');
});

test('clientCertificates: one that is shown is believed, and need not be', async (t) => {
  t.is(await ask(await connect(1, www), www, '/'), 'web, nobody');
  const { certificate, key } = folder.issue(['anna.example']);
  const shown = { cert: pemOf(certificate.raw), key: keyPemOf(key) };
  t.regex((await ask(await connect(1, www, shown), www, '/')) ?? '', /DNS=anna\.example/);
  proves(t, 'ingress[].clientCertificates.ca', 'ingress[].clientCertificates.required');
});

test('handshakeTimeout: who does not begin is closed', async (t) => {
  await soon('its end', readAll(await dialTcp(t, gateway.listener('ingress.3'))));
  proves(t, 'ingress[].handshakeTimeout');
});

test('tcp: connections go to the service as they are', async (t) => {
  const socket = await dialTcp(t, gateway.listener('tcp.0'));
  socket.end('there and back');
  t.deepEqual(await readAll(socket), { kind: 'ended', text: 'there and back' });
  proves(t, 'tcp[].listen', 'tcp[].service', 'services[].protocol');
});

test.serial('what would become of a request at an ingress is told as it becomes', async (t) => {
  const ends = async (url: string, listener?: string) => {
    const asked = { url, ...(listener !== undefined && { listener }) };
    const told = await gateway.api.send<RequestExplanation>('POST', '/v1/explain', asked);
    const end = told.decisions.find(
      ({ outcome }) => outcome === 'refused' || outcome === 'answered',
    );
    return end?.code ?? end?.says ?? told.backends[0]?.service;
  };
  t.is(await ends(`https://${www}/web/a`), 'web.shop');
  t.is(await ask(await connect(0, www), www, '/web/a'), 'web, nobody');
  t.is(await ends(`https://${www}/other`), 'rest.shop');
  t.is(await ends(`https://${www}/other`, 'ingress-1'), 'web.shop');
  t.is(await ends('https://api.example.org/'), 'rest.shop');
  t.is(await ends('https://nobody.example.net/'), 'HOST_MISDIRECTED', 'the default certificate');
  t.is(await ends('https://nobody.example.net/', 'ingress-2'), 'SERVER_NAME_UNKNOWN');
  t.regex((await ends('https://raw.example.com/')) ?? '', /passed on to secret\.shop\.acme/);
  await t.throwsAsync(ends(`https://${www}/`, 'ingress-9'), { code: 'BODY_INVALID' } as object);
  await t.throwsAsync(ends(`http://${own}/`, 'ingress-0'), { code: 'BODY_INVALID' } as object);
  const line = ['explain', `https://${www}/web/a`, '--listener', 'ingress-0'];
  t.regex(await gateway.isthmusOk(line), /: goes on to web\.shop 100 %$/m);
});
