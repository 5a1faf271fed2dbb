/** Owns what one process of the provider is told once and uses after: which gateway it is for, and when to stop. */
import { connect } from './connection/configuration.ts';
import type { Gateway } from './connection/gateway.ts';
import { Refusal } from './diagnostics.ts';
import { isKnown, type ValueMap } from './values/value.ts';

export class Session {
  readonly #env: NodeJS.ProcessEnv;
  readonly #stop = new AbortController();
  #gateway: (() => Promise<Gateway>) | undefined;

  /** `env` is asked where the provider's block says nothing. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** Throws `Refusal` and coded errors. What is not known yet is told to those who need it: a plan of what is all new needs nothing. */
  async configure(config: ValueMap): Promise<void> {
    const connected = connect(config, this.#env, this.#stop.signal);
    this.#gateway = () => connected;
    if (isKnown(config)) await connected;
    else connected.catch(() => {});
  }

  /** Throws `Refusal` and coded errors. */
  async gateway(): Promise<Gateway> {
    if (this.#gateway) return this.#gateway();
    throw new Refusal({
      severity: 'error',
      summary: 'Provider not configured',
      detail: 'Terraform asked for a gateway before it said for which.',
    });
  }

  /** Nothing is waited for any more; what was sent is answered. */
  stop(): void {
    this.#stop.abort();
  }
}
