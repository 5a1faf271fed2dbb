/** Owns HAProxy, in each shape that is compared. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../examples/demo/processes.ts';
import { lastLines, startChild } from './child.ts';
import { onProxyCore } from './cores.ts';
import type { Credentials } from './credentials.ts';
import { asksOverTls, type Expected, expectAnswer, http1, http2 } from './probe.ts';
import type { Ground, Running } from './running.ts';

/** One HAProxy before the upstream. */
export async function haproxyHop({ dir, upstream }: Ground): Promise<Running> {
  const [port = 0] = await freePorts(1);
  return proxy(dir, [hop(`127.0.0.1:${port}`, `127.0.0.1:${upstream.http}`)], port, http1(port));
}

/** Two HAProxy with mTLS between, over which they speak `protocol`. */
export async function haproxyPair(
  { dir, upstream, a, b }: Ground,
  protocol: 'h2' | 'http/1.1',
): Promise<Running> {
  const [port = 0, between = 0] = await freePorts(2);
  return proxy(
    dir,
    [
      hop(`127.0.0.1:${port}`, `127.0.0.1:${between} ${client(a, b)} alpn ${protocol}`),
      hop(`127.0.0.1:${between} ${server(b, a)} alpn ${protocol}`, `127.0.0.1:${upstream.http}`),
    ],
    port,
    http1(port),
  );
}

/** Two HAProxy that speak HTTP/2 all the way, mTLS between. */
export async function haproxyGrpcPair({ dir, upstream, a, b }: Ground): Promise<Running> {
  const [port = 0, between = 0] = await freePorts(2);
  return proxy(
    dir,
    [
      hop(`127.0.0.1:${port} proto h2`, `127.0.0.1:${between} ${client(a, b)} alpn h2`),
      hop(`127.0.0.1:${between} ${server(b, a)} alpn h2`, `127.0.0.1:${upstream.http2} proto h2`),
    ],
    port,
    http2(port),
  );
}

/** One HAProxy that takes HTTP/2 over mTLS. */
export async function haproxyTlsListener({ dir, upstream, a, b }: Ground): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const running = await proxy(
    dir,
    [hop(`127.0.0.1:${port} ${server(b, a)} alpn h2`, `127.0.0.1:${upstream.http}`)],
    port,
    asksOverTls(port, a),
  );
  return { ...running, client: a };
}

function client(self: Credentials, other: Credentials): string {
  return `ssl crt ${self.both} ca-file ${other.root} verify required verifyhost ${other.name} sni str(${other.name})`;
}

function server(self: Credentials, other: Credentials): string {
  return `ssl crt ${self.both} ca-file ${other.root} verify required`;
}

function hop(bind: string, next: string): string {
  return `
global
  nbthread 1
  maxconn 8000
  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
  ssl-default-server-options ssl-min-ver TLSv1.3
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 10m
  timeout server 10m
frontend in
  bind ${bind}
  default_backend out
backend out
  server next ${next}
`;
}

/** One HAProxy for each of `configs`, together one program. */
async function proxy(
  dir: string,
  configs: readonly string[],
  port: number,
  expected: Expected,
): Promise<Running> {
  const all = await Promise.all(
    configs.map(async (text, i) => {
      const path = join(dir, `haproxy-${port}-${i}`);
      await writeFile(`${path}.cfg`, text);
      const command = onProxyCore(['haproxy', '-db', '-f', `${path}.cfg`]);
      return { ...startChild(command, `${path}.log`), log: `${path}.log` };
    }),
  );
  const stop = async () => {
    for (const { stop } of all) await stop();
  };
  try {
    await expectAnswer(expected);
  } catch (cause) {
    const logs = all.map(({ log }) => lastLines(log)).join('\n');
    throw new Error(`haproxy does not answer:\n${logs}`, { cause });
  }
  return { pids: all.map(({ pid }) => pid), port, stop };
}
