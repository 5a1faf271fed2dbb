/** Owns nginx: as the upstream of every program, and in each shape that is compared. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../examples/demo/processes.ts';
import { lastLines, startChild } from './child.ts';
import { onProxyCore } from './cores.ts';
import type { Credentials } from './credentials.ts';
import { asksOverTls, type Expected, expectAnswer, http1 } from './probe.ts';
import { type Ground, paths, type Running, type Upstream } from './running.ts';

const smallBody = 'x'.repeat(93);
const megabyte = 2 ** 20;

/** The server behind all programs: 93 bytes, a megabyte, and a unary gRPC call over HTTP/2. */
export async function startUpstream(dir: string): Promise<Upstream> {
  const [http = 0, cleartextHttp2 = 0] = await freePorts(2);
  await mkdir(join(dir, 'www'), { recursive: true });
  await writeFile(join(dir, 'www', paths.megabyte), Buffer.alloc(megabyte, 'x'));
  const message = Buffer.concat([
    Buffer.from([0, 0, 0, 0, smallBody.length]),
    Buffer.from(smallBody),
  ]);
  await writeFile(join(dir, 'www', 'message'), message);
  await startNginx(
    'upstream',
    dir,
    `
    server {
      listen 127.0.0.1:${http};
      root ${dir}/www;
      location = ${paths.small} { return 200 ${smallBody}; }
    }
    server {
      listen 127.0.0.1:${cleartextHttp2} http2;
      root ${dir}/www;
      location = ${paths.unary} { error_page 405 =200 /message; return 405; }
      location = /message { default_type application/grpc; add_trailer grpc-status 0; }
    }`,
    (command) => command,
  );
  await expectAnswer(http1(http));
  return { http, http2: cleartextHttp2 };
}

/** One nginx before the upstream. */
export async function nginxHop({ dir, upstream }: Ground): Promise<Running> {
  const [port = 0] = await freePorts(1);
  return proxy(
    dir,
    [
      `upstream u { server 127.0.0.1:${upstream.http}; ${keepalive} }
       server { listen 127.0.0.1:${port}; ${forward('http://u')} }`,
    ],
    port,
    http1(port),
  );
}

/** Two nginx, HTTP/1.1 with mTLS between. */
export async function nginxPair({ dir, upstream, a, b }: Ground): Promise<Running> {
  const [port = 0, between = 0] = await freePorts(2);
  return proxy(
    dir,
    [
      `upstream b { server 127.0.0.1:${between}; ${keepalive} }
       server { listen 127.0.0.1:${port}; ${forward('https://b')} ${client(a, b)} }`,
      `upstream u { server 127.0.0.1:${upstream.http}; ${keepalive} }
       server { listen 127.0.0.1:${between} ssl; ${server(b, a)} ${forward('http://u')} }`,
    ],
    port,
    http1(port),
  );
}

/** One nginx that takes HTTP/2 over mTLS. */
export async function nginxTlsListener({ dir, upstream, a, b }: Ground): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const running = await proxy(
    dir,
    [
      `upstream u { server 127.0.0.1:${upstream.http}; ${keepalive} }
       server { listen 127.0.0.1:${port} ssl http2; ${server(b, a)} ${forward('http://u')} }`,
    ],
    port,
    asksOverTls(port, a),
  );
  return { ...running, client: a };
}

/** Connections to the next hop stay; the default would make a new one after a thousand requests. */
const keepalive = 'keepalive 256; keepalive_requests 100000000; keepalive_timeout 10m;';

/** Everything to `target`. A megabyte goes through buffers in memory: by default it would spill to disk. */
function forward(target: string): string {
  const how = `proxy_pass ${target}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;`;
  return `
    location / { ${how} }
    location = ${paths.megabyte} {
      ${how} proxy_buffer_size 64k; proxy_buffers 16 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;
    }`;
}

function client(self: Credentials, other: Credentials): string {
  return `
    proxy_ssl_protocols TLSv1.3;
    proxy_ssl_certificate ${self.cert};
    proxy_ssl_certificate_key ${self.key};
    proxy_ssl_trusted_certificate ${other.root};
    proxy_ssl_verify on;
    proxy_ssl_name ${other.name};
    proxy_ssl_server_name on;`;
}

function server(self: Credentials, other: Credentials): string {
  return `
    ssl_protocols TLSv1.3;
    ssl_certificate ${self.cert};
    ssl_certificate_key ${self.key};
    ssl_client_certificate ${other.root};
    ssl_verify_client on;
    ssl_session_tickets off;
    ssl_session_cache off;`;
}

/** One nginx for each of `servers`, together one program. */
async function proxy(
  dir: string,
  servers: readonly string[],
  port: number,
  expected: Expected,
): Promise<Running> {
  const all = await Promise.all(
    servers.map((text, i) => startNginx(`nginx-${port}-${i}`, dir, text, onProxyCore)),
  );
  const stop = async () => {
    for (const { stop } of all) await stop();
  };
  try {
    await expectAnswer(expected);
  } catch (cause) {
    const logs = all.map(({ log }) => lastLines(log)).join('\n');
    throw new Error(`nginx does not answer:\n${logs}`, { cause });
  }
  return { pids: all.map(({ pid }) => pid), port, stop };
}

async function startNginx(
  name: string,
  dir: string,
  servers: string,
  on: (command: string[]) => string[],
) {
  const prefix = join(dir, name);
  await mkdir(prefix, { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const log = join(prefix, 'error.log');
  await writeFile(
    join(prefix, 'nginx.conf'),
    `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${prefix}/pid;
    error_log ${log};
    worker_processes 1;
    worker_rlimit_nofile 16384;
    events { worker_connections 8192; }
    http {
      access_log off;
      sendfile on;
      keepalive_requests 100000000;
      keepalive_timeout 10m;
      ${temporary.map((kind) => `${kind}_temp_path ${prefix}/${kind};`).join(' ')}
      ${servers}
    }`,
  );
  const command = ['nginx', '-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', log];
  return { ...startChild(on(command), log), log };
}
