/** Owns a real Prometheus in tests: scraping gateways every second, judging them by the rules that are shipped. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { freePorts } from '../../examples/demo/processes.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { killChild } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

const rules = new URL(
  '../../gateway/control/telemetry/prometheus/isthmus.rules.yml',
  import.meta.url,
);

/** What is scraped: a gateway with its admin API on a unix socket, which Prometheus can't ask. */
type Target = Pick<GatewayProcess, 'name' | 'adminSocket'>;

interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface PrometheusProcess {
  /** Values of an instant query, with their labels. */
  query(promql: string): Promise<readonly (readonly [Readonly<Record<string, string>>, number])[]>;
  alerts(): Promise<readonly Alert[]>;
  /** How the last scrapes went, by target. */
  problems(): Promise<readonly string[]>;
}

/** Starts it and waits until it has scraped every target. It ends with the test. */
export async function startPrometheus(
  t: Pick<ExecutionContext, 'teardown'>,
  targets: readonly Target[],
): Promise<PrometheusProcess> {
  const dir = await tempDir(t);
  const [port] = await freePorts(1);
  const config = join(dir, 'prometheus.yml');
  const addresses = await Promise.all(targets.map((target) => inFrontOf(t, target.adminSocket)));
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [rules.pathname],
      scrape_configs: [
        {
          job_name: 'isthmus',
          static_configs: targets.map(({ name }, i) => ({
            targets: [addresses[i]],
            labels: { cluster: name },
          })),
        },
      ],
    }),
  );
  const child = spawn(
    'prometheus',
    [
      ...['--config.file', config, '--storage.tsdb.path', join(dir, 'data')],
      ...['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  t.teardown(() => killChild(child));

  async function ask<T>(path: string): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const body = (await answer.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(`Prometheus: ${body.error}`);
    return body.data;
  }

  const prometheus: PrometheusProcess = {
    async query(promql) {
      const { result } = await ask<{
        result: readonly { metric: Record<string, string>; value: [number, string] }[];
      }>(`query?query=${encodeURIComponent(promql)}`);
      return result.map(({ metric, value }) => [metric, Number(value[1])]);
    },
    alerts: async () => (await ask<{ alerts: readonly Alert[] }>('alerts')).alerts,
    async problems() {
      const { activeTargets } = await ask<{
        activeTargets: readonly { scrapeUrl: string; lastError: string }[];
      }>('targets');
      return activeTargets
        .filter(({ lastError }) => lastError !== '')
        .map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`);
    },
  };
  await until('Prometheus to scrape every gateway', async () => {
    const up = await prometheus.query('up == 1');
    return up.length === targets.length;
  });
  return prometheus;
}

/** A port that leads to a unix socket, until the test ends. */
async function inFrontOf(t: Pick<ExecutionContext, 'teardown'>, path: string): Promise<string> {
  const server = createServer((client) => {
    const gateway = connect(path);
    client.on('error', () => gateway.destroy()).pipe(gateway);
    gateway.on('error', () => client.destroy()).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
