/** Owns the load of requests: closed loops of wrk and h2load. */
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantile } from '../machine.ts';
import { output } from './child.ts';
import { authority, paths } from './running.ts';

export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Failed connections, broken exchanges, time-outs, and statuses that are not 2xx. */
  readonly errors: number;
}

const report = fileURLToPath(new URL('./wrk.lua', import.meta.url));

interface Http1Load {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** Whether each request has a connection of its own; default false. */
  readonly reconnect?: boolean;
  /** Whether no request is as the one before; default false: all are the same octets. */
  readonly varied?: boolean;
}

export async function http1Load(load: Http1Load): Promise<Load> {
  const { port, path, connections, seconds, reconnect = false, varied = false } = load;
  const out = await output([
    'wrk',
    ...['--threads', '1', '--connections', `${connections}`, '--duration', `${seconds}s`],
    ...['--timeout', '10s', '--script', report, '--header', `Host: ${authority}`],
    ...(reconnect ? ['--header', 'Connection: close'] : []),
    `http://127.0.0.1:${port}${path}`,
    ...(varied ? ['--', 'varied'] : []),
  ]);
  return JSON.parse(out.trim().split('\n').at(-1) ?? '');
}

/** Unary calls: 8 connections with 8 calls under way on each. */
export async function grpcLoad(port: number, seconds: number, dir: string): Promise<Load> {
  const log = join(dir, `h2load-${randomUUID()}`);
  const out = await output([
    'h2load',
    ...['--threads', '1', '--clients', '8', '--max-concurrent-streams', '8'],
    ...['--duration', `${seconds}`, '--log-file', log, '--data', join(dir, 'www', 'message')],
    ...['--header', `:authority: ${authority}`, '--header', 'te: trailers'],
    ...['--header', 'content-type: application/grpc'],
    `http://127.0.0.1:${port}${paths.unary}`,
  ]);
  const rows = (await readFile(log, 'utf8')).trim().split('\n');
  await rm(log);
  // Start, status and duration in microseconds.
  const milliseconds = rows.map((row) => Number(row.split('\t')[2]) / 1_000);
  const [, total, good] = /requests: (\d+) total.* (\d+) succeeded/.exec(out) ?? [];
  return {
    requests: Number(good),
    seconds,
    p50Ms: quantile(milliseconds, 0.5),
    p99Ms: quantile(milliseconds, 0.99),
    errors: Number(total) - Number(good),
  };
}
