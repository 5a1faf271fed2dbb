/** Owns HAProxy in tests: a real server of HTTP/1.1 or HTTP/2, strict in what it takes, as an endpoint that nobody here wrote. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { startServer } from './programs.ts';
import { tempDir } from './temp-dir.ts';

interface HaproxyOptions {
  /** What its clients speak: HTTP/1.1 by default, or HTTP/2 by prior knowledge. */
  readonly protocol?: 'h1' | 'h2';
  /** `host:port` of the HTTP/1.1 server behind it. */
  readonly behind: string;
  /** Directives added to its frontend. */
  readonly frontend?: string;
}

/** Starts it before another server; resolves to its address. */
export async function startHaproxy(
  t: Pick<ExecutionContext, 'teardown'>,
  { protocol = 'h1', behind, frontend = '' }: HaproxyOptions,
): Promise<string> {
  const [port = 0] = await freePorts(1);
  const config = join(await tempDir(t), 'haproxy.cfg');
  await writeFile(
    config,
    `
global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  timeout tunnel 1m
frontend in
  bind 127.0.0.1:${port} ${protocol === 'h2' ? 'proto h2' : ''}
  default_backend out
${frontend}
backend out
  server behind ${behind}
`,
  );
  await startServer(t, port, 'haproxy', ['-db', '-f', config]);
  return `127.0.0.1:${port}`;
}

/** Starts one that passes on octets: a port for each `server` line, such as `127.0.0.1:80 send-proxy`; resolves to their addresses. */
export async function startBalancer(
  t: Pick<ExecutionContext, 'teardown'>,
  servers: readonly string[],
): Promise<readonly string[]> {
  const ports = await freePorts(servers.length);
  const config = join(await tempDir(t), 'balancer.cfg');
  const listeners = servers.map(
    (server, i) => `
listen to${i}
  bind 127.0.0.1:${ports[i]}
  server it ${server}
`,
  );
  await writeFile(
    config,
    `
global
  nbthread 1
  maxconn 1000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
${listeners.join('')}`,
  );
  await startServer(t, ports[0] ?? 0, 'haproxy', ['-db', '-f', config]);
  return ports.map((port) => `127.0.0.1:${port}`);
}
