/** Owns taking up the configuration file while the gateway runs: all that changed, or nothing and why. */
import { isDeepStrictEqual } from 'node:util';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { keyPlace } from '../../../core/yaml-file.ts';
import { differences } from '../audit/differences.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Journal } from '../events/journal.ts';
import { type GatewayConfig, parseConfig, readConfig } from './config.ts';

/** Keys whose change is taken up; of `log` the level. All others are what a gateway is from its start on. */
const reloadable = new Set([
  'services',
  'balance',
  'timeouts',
  'limits',
  'tcp',
  'ingress',
  'drainTimeout',
  'ca',
  'trust.foreign',
]);

/** The gateway that takes a configuration up. */
interface Reconfigured {
  readonly auditTrail: Pick<AuditTrail, 'record'>;
  readonly journal: Pick<Journal, 'add'>;
  /** Why the configuration file is not what is in force. */
  configProblem: IsthmusError | undefined;
  /** Takes up the whole configuration, or throws why not. */
  reconfigure(loaded: GatewayConfig): Promise<void>;
}

interface ReloadOptions {
  readonly gateway: Reconfigured;
  readonly path: string;
  /** The configuration as it was read when the gateway started. */
  readonly loaded: GatewayConfig;
  readonly log: Log;
}

export class Reload {
  readonly #options: ReloadOptions;
  /** The configuration as it was read when it was last taken up. */
  #loaded: GatewayConfig;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
  }

  /** Reads the file, and takes it up as a whole. Never rejects: what is wrong is in the log, the events and the status. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#once());
    return this.#running;
  }

  async #once(): Promise<void> {
    const { gateway, log, path } = this.#options;
    try {
      const before = this.#loaded;
      const changed = await this.#takeUp(path);
      await this.#audit(changed, before);
      gateway.configProblem = undefined;
      log.info({ path, changed }, 'configuration taken up');
      const what =
        changed.length === 0
          ? 'The configuration was read again: nothing has changed'
          : `The configuration was taken up: ${changed.join(', ')} changed`;
      const { cluster } = this.#loaded;
      gateway.journal.add({
        kind: 'gateway',
        severity: 'info',
        cluster,
        what,
        details: { changed },
      });
    } catch (thrown) {
      this.#refuse(thrown);
      await this.#audit([], this.#loaded, asIsthmusError(thrown));
    }
  }

  /** For when a process could not start by the file: if that is why, the status says so as it does after `run`. */
  async look(): Promise<void> {
    const { path } = this.#options;
    try {
      parseConfig(await readConfig(path), path, process.env);
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  /** Whoever may write the file, and send a signal, is no one else to this process. */
  async #audit(
    changed: readonly string[],
    before: GatewayConfig,
    error?: IsthmusError,
  ): Promise<void> {
    const { gateway, path } = this.#options;
    const [was, is] = [flat(before), flat(this.#loaded)];
    const told = (keys: Record<string, unknown>) =>
      Object.fromEntries(changed.map((key) => [key, keys[key]]));
    const changes = differences(told(was), told(is));
    await gateway.auditTrail.record({
      who: 'the configuration file',
      ...{ via: 'file', role: 'admin', from: 'SIGHUP', method: 'SIGHUP', path },
      operation: 'reload',
      status: error?.status ?? 200,
      ...(error && { code: error.code }),
      ...(changes.length > 0 && { changes }),
    });
  }

  #refuse(thrown: unknown): void {
    const { gateway, log, path } = this.#options;
    const { code, message, where = path, fix, cause } = asIsthmusError(thrown);
    const what = `The configuration was not taken up, and the one before stays in force: ${message}`;
    gateway.configProblem = new IsthmusError(code, { what, where, fix, cause });
    log.error({ err: gateway.configProblem }, 'configuration not taken up');
  }

  /** Returns the keys that changed. */
  async #takeUp(path: string): Promise<string[]> {
    const text = await readConfig(path);
    const loaded = parseConfig(text, path, process.env);
    const changed = changedKeys(this.#loaded, loaded);
    const fixed = changed.filter((key) => !reloadable.has(key) && key !== 'log.level');
    if (fixed.length > 0) {
      const verb = fixed.length === 1 ? 'takes a restart' : 'take a restart';
      throw new IsthmusError('CONFIG_NEEDS_RESTART', {
        what: `${fixed.join(', ')} changed, which ${verb}`,
        where: keyPlace(text, path, (fixed[0] ?? '').split('.')),
      });
    }
    await this.#options.gateway.reconfigure(loaded);
    this.#loaded = loaded;
    return changed;
  }
}

/** The top-level keys that differ; of `log` and `trust` their own keys, for only one of each is taken up. */
function changedKeys(before: GatewayConfig, now: GatewayConfig): string[] {
  const [one, other] = [flat(before), flat(now)];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => !isDeepStrictEqual(one[key], other[key]));
}

function flat(config: GatewayConfig): Record<string, unknown> {
  const { log, trust, dataDir: _, baseDir: __, ...keys } = config;
  return {
    ...keys,
    'log.level': log.level,
    'log.access': log.access,
    'trust.foreign': trust.foreign,
    'trust.bundleEndpoint': trust.bundleEndpoint,
  };
}
