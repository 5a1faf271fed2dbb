/** Specifies that HAProxy before a gateway names its clients by PROXY protocol, as both are configured: over HTTP, TLS and TCP. */
import { connect } from 'node:tls';
import anyTest, { type TestFn } from 'ava';
import { curl } from '../support/curl.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { startBalancer } from '../support/haproxy.ts';
import { startOrigin } from '../support/origin.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { dialTcp, readAll, startTcpService } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const versions = {
  'version 1': 'send-proxy',
  'version 2': 'send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl-cipher',
} as const;
/** Where each version is sent to, in this order. */
const listeners = ['outbound', 'ingress.0', 'tcp.0', 'eastWest'] as const;
let gateway: GatewayProcess;
let ca: string;
/** By version, then by listener. */
let ports: ReadonlyMap<string, readonly string[]>;

test.before('HAProxy passes connections on to a gateway that trusts it', async () => {
  const dir = await tempDir(shared);
  const folder = new PemFolder(dir);
  const echo = await startTcpService(shared);
  const web = await startOrigin(shared, ({ headers }, response) => {
    response.end(`${headers['x-forwarded-for']} ${headers['x-forwarded-proto']}`);
  });
  const { cert, key } = await folder.make('www', 'www.example.com');
  ca = await folder.ca();
  const endpoint = (address: string) => [{ id: 'one', address }];
  gateway = await GatewayProcess.prepare(shared, dir, {
    cluster: 'dc1',
    workers: 1,
    listen: { outboundProxyProtocol: true, eastWestProxyProtocol: true },
    trustedProxies: ['127.0.0.1'],
    log: { access: 'all' },
    services: [
      { name: 'web', namespace: 'shop', endpoints: endpoint(web.address) },
      {
        name: 'raw',
        namespace: 'shop',
        protocol: 'tcp',
        endpoints: endpoint(`127.0.0.1:${echo.port}`),
      },
    ],
    tcp: [{ listen: '127.0.0.1:0', service: 'raw.shop', proxyProtocol: true }],
    ingress: [
      {
        listen: '127.0.0.1:0',
        proxyProtocol: true,
        certificates: [{ cert, key }],
        routes: [{ host: 'www.example.com', path: '/web', service: 'web.shop' }],
        defaultService: 'web.shop',
      },
    ],
  });
  await gateway.start();
  const servers = Object.values(versions).flatMap((sends) =>
    listeners.map((name) => `${gateway.listener(name)} ${sends} check inter 200ms`),
  );
  const all = await startBalancer(shared, servers);
  ports = new Map(
    Object.keys(versions).map((version, i) => [
      version,
      all.slice(i * listeners.length, (i + 1) * listeners.length),
    ]),
  );
});

/** An address of this machine that is not the balancer's. */
const client = '127.0.0.2';

for (const version of Object.keys(versions)) {
  test(`${version}: the service is told the client, over HTTP/1.1, HTTP/2 and TLS`, async (t) => {
    const [http = '', ingress = ''] = ports.get(version) ?? [];
    const args = ['--interface', client];
    for (const spoken of ['--http1.1', '--http2-prior-knowledge']) {
      const answer = await curl([...args, spoken, '-H', 'Host: web.shop.acme', `http://${http}`]);
      t.like(answer, { status: 200, body: `${client} http` });
    }
    const port = ingress.split(':')[1];
    const resolve = ['--resolve', `www.example.com:${port}:127.0.0.1`, '--cacert', ca];
    for (const spoken of ['--http1.1', '--http2']) {
      const url = `https://www.example.com:${port}/`;
      const answer = await curl([...args, ...resolve, spoken, url]);
      t.like(answer, { status: 200, body: `${client} https` });
    }
    proves(t, 'listen.outboundProxyProtocol', 'ingress[].proxyProtocol');
  });

  test(`${version}: the access log names the client of a TCP connection`, async (t) => {
    const address = ports.get(version)?.[2] ?? '';
    const from = version === 'version 1' ? '127.0.0.3' : '127.0.0.4';
    const socket = await dialTcp(shared, address, from);
    socket.end('there and back');
    t.deepEqual(await readAll(socket), { kind: 'ended', text: 'there and back' });
    await until('its line', () => gateway.accessLines().some((line) => line['client'] === from));
    proves(t, 'tcp[].proxyProtocol');
  });
}

test('who is refused a link from behind the balancer is named by its own address', async (t) => {
  const [host = '', port] = ports.get('version 2')?.[3]?.split(':') ?? [];
  const address = '127.0.0.5';
  const to = { host, port: Number(port), localAddress: address, rejectUnauthorized: false };
  connect(to).on('error', () => undefined);
  await until('the log to name it', () =>
    gateway.logged({ msg: 'link refused', remoteAddress: address }),
  );
  proves(t, 'listen.eastWestProxyProtocol');
});

test.after('nothing of what HAProxy sent was refused, its health checks included', (t) => {
  t.false(gateway.logged({ msg: 'connection without a client refused' }));
});
