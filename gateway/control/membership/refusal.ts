/** Owns telling an embedded registry that refuses this gateway from one that is down, for as long as it can't be used. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import { connectMutualTls } from '../../../certs/tls.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Store } from '../../../registry/store.ts';

interface RefusalOptions {
  readonly store: Pick<Store, 'state' | 'onState'>;
  /** The registry's addresses, `host:port`. */
  readonly endpoints: readonly string[];
  /** The trust domain of the cluster that hosts it. */
  readonly host: TrustDomain;
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  readonly clock: Clock;
}

const askEveryMs = 5_000;
/** Once the answer is a refusal it is asked for again only in case the registry is down by now: being let in shows by itself. */
const askRefusedEveryMs = 30_000;
const patienceMs = 2_000;

export class Refusal {
  readonly #options: RefusalOptions;
  readonly #unsubscribe: () => void;
  #cancel = (): void => {};
  #asking = false;
  #closed = false;
  #problem: IsthmusError | undefined;

  constructor(options: RefusalOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.onState(() => this.#look());
    this.#look();
  }

  /** NOT_A_MEMBER while the registry is there and will have nothing to do with this gateway. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#unsubscribe();
  }

  #look(): void {
    if (this.#options.store.state.kind === 'connected') {
      this.#cancel();
      this.#problem = undefined;
    } else if (this.#options.store.state.kind === 'unavailable' && !this.#asking) {
      this.#asking = true;
      void this.#ask();
    }
  }

  async #ask(): Promise<void> {
    const { endpoints, store, clock } = this.#options;
    const answers = await Promise.all(endpoints.map((endpoint) => this.#refusedAt(endpoint)));
    this.#asking = false;
    if (this.#closed || store.state.kind !== 'unavailable') return;
    this.#problem = answers.find((answer) => answer !== undefined);
    this.#cancel();
    const restMs = this.#problem ? askRefusedEveryMs : askEveryMs;
    this.#cancel = clock.after(restMs, () => this.#look());
  }

  /** A client that is let in hears HTTP/2 SETTINGS at once; one that is not is hung up on after the handshake, without a word. */
  async #refusedAt(endpoint: string): Promise<IsthmusError | undefined> {
    const { host: expect, identity, trust, clock } = this.#options;
    const address = parseAddress(endpoint);
    const common = { trust, expect, clock, timeoutMs: patienceMs, alpn: ['h2'] };
    try {
      const socket = await connectMutualTls({ ...address, ...common, identity: identity() });
      const refused = await new Promise<boolean>((resolve) => {
        const settle = (verdict: boolean): void => {
          cancel();
          resolve(verdict);
        };
        const cancel = clock.after(patienceMs, () => settle(false));
        socket.on('error', () => undefined); // It is followed by `close`.
        socket.once('close', () => settle(true));
        socket.once('data', () => settle(false));
      });
      socket.destroy();
      return refused ? refusedBy(expect, endpoint) : undefined;
    } catch {
      return undefined; // It is down, or not the registry: the registry's own client says so.
    }
  }
}

function refusedBy(host: TrustDomain, where: string): IsthmusError {
  return new IsthmusError('NOT_A_MEMBER', {
    what: `The registry of ${host} refuses this cluster's certificate: it was evicted, or has left, or the clocks are apart`,
    where,
    fix: 'If the clocks of both are more than five minutes apart: synchronise them. Else, to come back: `isthmus join` with a new token, on one gateway of the cluster; the others follow.',
  });
}
