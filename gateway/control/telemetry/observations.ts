/** Owns where the workers' observations go: spans to a collector, lines to standard output, exemplars into the metrics. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pino } from 'pino';
import type { Clock } from '../../../core/clock.ts';
import { readSecret } from '../../../core/files.ts';
import type { Log } from '../../../core/log.ts';
import { version } from '../../../core/version.ts';
import type { Observed } from '../../data/observe/observed.ts';
import type { GatewayConfig } from '../config/config.ts';
import { Exemplars } from './exemplars.ts';
import { openSpanExporter, type SpanExporter } from './span-exporter.ts';

/** Octets that a pipe takes whole, so that no other writer's line gets between (PIPE_BUF on Linux). */
const maxWriteBytes = 4_096;
/** Lines that wait for a reader who is slow; more are dropped. */
const maxWaitingBytes = 8 * 1024 * 1024;

/** How long the end of the gateway waits for them. */
const closeMs = 2_000;

type LineWriter = ReturnType<typeof pino.destination>;

export class Observations {
  readonly exemplars = new Exemplars();
  readonly #exporter: SpanExporter | undefined;
  readonly #lines: LineWriter | undefined;

  private constructor(exporter: SpanExporter | undefined, lines: LineWriter | undefined) {
    this.#exporter = exporter;
    this.#lines = lines;
  }

  /** The SDK is loaded only where a collector is configured. Rejects when it can't be. */
  static async open(config: GatewayConfig, log: Log): Promise<Observations> {
    const { cluster, gateway, region, zone, federation, tracing } = config;
    const exporter =
      tracing &&
      (await openSpanExporter({
        endpoint: tracing.endpoint,
        headers: await headersOf(config, tracing.headers),
        resource: {
          'service.name': 'isthmus-gateway',
          'service.namespace': federation,
          'service.instance.id': `${cluster}/${gateway}`,
          'service.version': version,
          'cloud.region': region,
          'cloud.availability_zone': zone,
        },
      }));
    return new Observations(exporter, config.log.access > 0 ? standardOutput(log) : undefined);
  }

  take({ spans, lines, exemplars }: Observed): void {
    this.#exporter?.export(spans);
    for (const line of lines) this.#lines?.write(line);
    for (const exemplar of exemplars) this.exemplars.note(exemplar);
  }

  /** Sends and writes what is waiting, as far as that takes no longer than a moment. */
  async close(clock: Clock): Promise<void> {
    const closed = [this.#exporter?.close(), this.#lines && endOf(this.#lines)];
    const late = new Promise<void>((resolve) => clock.after(closeMs, resolve));
    await Promise.race([Promise.allSettled(closed), late]);
  }
}

async function endOf(lines: LineWriter): Promise<void> {
  const closed = once(lines, 'close');
  lines.end();
  await closed;
}

/** Written to without waiting: a slow reader loses lines, not requests. */
function standardOutput(log: Log): LineWriter {
  const lines = pino.destination({
    ...{ dest: 1, sync: false },
    maxWrite: maxWriteBytes,
    maxLength: maxWaitingBytes,
  });
  let dropped = 0;
  lines.on('drop', () => {
    // Once for many: the log may be just as slow.
    if (dropped++ % 10_000 === 0) log.warn({ dropped }, 'access log: nobody reads fast enough');
  });
  lines.on('error', (err: unknown) => log.warn({ err }, 'access log: a line could not be written'));
  return lines;
}

/** Fields of every export, those in files read. Rejects with FILE_UNREADABLE. */
async function headersOf(
  { baseDir }: GatewayConfig,
  given: NonNullable<GatewayConfig['tracing']>['headers'],
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    headers[name] =
      typeof value === 'string' ? value : (await readSecret(resolve(baseDir, value.file))).trim();
  }
  return headers;
}
