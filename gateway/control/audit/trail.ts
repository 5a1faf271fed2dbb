/** Owns a gateway's audit as a whole: what is kept of it, and the receivers that it is sent on to. */
import { join } from 'node:path';
import type { Clock, Random } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { within } from '../../../core/within.ts';
import type { GatewayConfig } from '../config/config.ts';
import { Audit } from './audit.ts';
import type { AuditDraft } from './entry.ts';
import { Forwarder, type Forwarding, type Receiver } from './forward/forwarder.ts';

interface AuditTrailOptions {
  readonly config: Pick<GatewayConfig, 'audit' | 'baseDir' | 'cluster' | 'dataDir' | 'gateway'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A disk that is slow holds up no answer for longer. */
const patienceMs = 1_000;

export class AuditTrail {
  readonly audit: Audit;
  readonly #options: AuditTrailOptions;
  #forwarders: readonly Forwarder[] = [];

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    const { config, clock, log } = options;
    this.audit = new Audit({ dataDir: config.dataDir, keep: config.audit, clock, log });
  }

  /** Begins to keep it on disk, and to send it on. Throws FILE_UNREADABLE or FILE_UNWRITABLE. */
  async open(): Promise<void> {
    await this.audit.open();
    const { config, clock, random, log } = this.#options;
    this.#forwarders = await Promise.all(
      (await receiversOf(config)).map((receiver) => {
        const path = join(config.dataDir, `audit-${receiver.kind}-sent`);
        return Forwarder.open({ receiver, audit: this.audit, path, clock, random, log });
      }),
    );
  }

  /** Whoever asked is answered once this resolves: when it is on disk, can not be, or a second has passed. */
  record(draft: AuditDraft): Promise<void> {
    return within(this.#options.clock, patienceMs, this.audit.record(draft));
  }

  get forwarding(): readonly Forwarding[] {
    return this.#forwarders.map(({ state }) => state);
  }

  /** Why what is done would not be known later, or elsewhere. */
  get problems(): readonly IsthmusError[] {
    const problems = [this.audit.problem, ...this.forwarding.map(({ problem }) => problem)];
    return problems.filter((problem) => problem !== undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.#forwarders.map((one) => one.close()));
    await this.audit.flush();
  }
}

/** What speaks to receivers is loaded only where there are any. */
async function receiversOf({
  audit,
  baseDir,
  cluster,
  gateway,
}: AuditTrailOptions['config']): Promise<readonly Receiver[]> {
  const self = { baseDir, cluster, gateway };
  const receivers: Receiver[] = [];
  if (audit.webhook) {
    const { webhook } = await import('./forward/webhook.ts');
    receivers.push(webhook({ config: audit.webhook, ...self }));
  }
  if (audit.syslog) {
    const { syslog } = await import('./forward/syslog.ts');
    receivers.push(syslog({ config: audit.syslog, ...self }));
  }
  return receivers;
}
