/** Owns names to addresses: asked of DNS without blocking threads, remembered, and served stale when DNS fails. */
import { promises as dns } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type BackoffPolicy, backoffDelay } from '../../../core/backoff.ts';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
  /** Seconds it may be remembered. */
  readonly ttl: number;
}

interface ResolverOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Asks for a name's addresses; default DNS, then the system's own way. Rejects when there are none. */
  readonly ask?: ((name: string) => Promise<readonly ResolvedAddress[]>) | undefined;
}

interface Entry {
  readonly addresses: readonly ResolvedAddress[];
  readonly freshUntil: number;
  /** Since when they are old and no newer are had, wall milliseconds; absent while DNS tells. */
  readonly staleSince?: number;
}

/** DNS answers are kept at least this long whatever their TTL, and at most `longestSeconds`. */
const shortestSeconds = 1;
const longestSeconds = 60;
/** After a failure with an old answer at hand, how long that is served before DNS is asked again. */
const staleSeconds = 5;

/** One failure is no news; a name that nobody asks for any more is forgotten among those that fail. Milliseconds. */
const toldAfterMs = 10_000;
const askedForMs = 10_000;
/** So many are told by name. */
const namesTold = 3;

/** A name that was never resolved is asked for again after a second, and after twice as long each time, up to half a minute. */
const missing: BackoffPolicy = { baseMs: 1_000, maxMs: 30_000 };

interface Missing {
  readonly error: unknown;
  readonly times: number;
  readonly until: number;
}

/** Names remembered; the one refreshed longest ago goes first. */
const maxNames = 10_000;

export class NameResolver {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ask: (name: string) => Promise<readonly ResolvedAddress[]>;
  readonly #known = new Map<string, Entry>();
  readonly #missing = new Map<string, Missing>();
  readonly #asking = new Map<string, Promise<readonly ResolvedAddress[]>>();

  constructor({ clock, log, ask = askSystem }: ResolverOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#ask = ask;
  }

  /** The addresses of a name or IP literal, never empty. Rejects only when a name was never resolved, without asking again for a while. */
  async resolve(host: string): Promise<readonly ResolvedAddress[]> {
    const family = isIP(host);
    if (family === 4 || family === 6) return [{ address: host, family, ttl: 0 }];
    const known = this.#known.get(host);
    if (known && this.#clock.monotonic() < known.freshUntil) return known.addresses;
    const absent = this.#missing.get(host);
    if (absent && this.#clock.monotonic() < absent.until) throw absent.error;
    let asking = this.#asking.get(host);
    if (asking === undefined) {
      asking = this.#refresh(host, known).finally(() => this.#asking.delete(host));
      this.#asking.set(host, asking);
    }
    return asking;
  }

  /** NAME_UNRESOLVED while names that are asked for have only their last addresses, for longer than a moment. */
  get problem(): IsthmusError | undefined {
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()];
    const late = [...this.#known].flatMap(([host, { staleSince = now, freshUntil }]) => {
      const isAskedFor = monotonic - freshUntil <= askedForMs;
      return isAskedFor && now - staleSince >= toldAfterMs ? [[host, staleSince] as const] : [];
    });
    if (late.length === 0) return undefined;
    const since = new Date(Math.min(...late.map(([, at]) => at))).toISOString();
    const names = late.slice(0, namesTold).map(([host]) => host);
    const more = late.length > namesTold ? ` and ${late.length - namesTold} more` : '';
    const what = `DNS does not tell where ${names.join(', ')}${more} lead, since ${since}; the last addresses are used`;
    return new IsthmusError('NAME_UNRESOLVED', { what });
  }

  /** In the shape `net.connect` takes. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.resolve(host).then(
      (addresses) => {
        const wanted = addresses.filter((a) => !options.family || a.family === options.family);
        const first = wanted[0];
        if (first === undefined) callback(new Error(`${host} has no such address`), '');
        else if (options.all) callback(null, [...wanted]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

  async #refresh(host: string, known: Entry | undefined): Promise<readonly ResolvedAddress[]> {
    try {
      const addresses = await this.#ask(host);
      const ttl = Math.min(...addresses.map((a) => a.ttl));
      this.#remember(host, addresses, Math.min(longestSeconds, Math.max(shortestSeconds, ttl)));
      return addresses;
    } catch (error) {
      if (known === undefined) {
        this.#miss(host, error);
        throw error;
      }
      this.#log.warn(
        { host, reason: messageOf(error) },
        'name does not resolve; using its last addresses',
      );
      this.#remember(host, known.addresses, staleSeconds, known.staleSince ?? this.#clock.now());
      return known.addresses;
    }
  }

  #miss(host: string, error: unknown): void {
    const times = (this.#missing.get(host)?.times ?? 0) + 1;
    const restMs = backoffDelay(missing, times - 1, () => 1);
    this.#missing.delete(host);
    this.#missing.set(host, { error, times, until: this.#clock.monotonic() + restMs });
    forgetOldest(this.#missing);
  }

  #remember(
    host: string,
    addresses: readonly ResolvedAddress[],
    seconds: number,
    staleSince?: number,
  ): void {
    const freshUntil = this.#clock.monotonic() + seconds * 1000;
    this.#missing.delete(host);
    this.#known.delete(host);
    this.#known.set(host, {
      addresses,
      freshUntil,
      ...(staleSince !== undefined && { staleSince }),
    });
    forgetOldest(this.#known);
  }
}

function forgetOldest(names: Map<string, unknown>): void {
  if (names.size <= maxNames) return;
  const [oldest] = names.keys();
  if (oldest !== undefined) names.delete(oldest);
}

const resolver = new dns.Resolver({ timeout: 1000, tries: 2 });

/**
 * Asks DNS for dotted names. The system's own way (hosts file, search domains) has four threads for the
 * whole process, so it is asked only for single-label names and for what DNS does not know.
 */
async function askSystem(name: string): Promise<readonly ResolvedAddress[]> {
  if (name.includes('.')) {
    const found = await Promise.allSettled([
      resolver.resolve4(name, { ttl: true }),
      resolver.resolve6(name, { ttl: true }),
    ]);
    const addresses = found.flatMap((result, index) =>
      result.status === 'rejected'
        ? []
        : result.value.map((r) => ({ ...r, family: index === 0 ? (4 as const) : (6 as const) })),
    );
    if (addresses.length > 0) return addresses;
  }
  const found = await dns.lookup(name, { all: true });
  return found.map(({ address, family }) => ({
    address,
    family: family === 6 ? 6 : 4,
    ttl: longestSeconds / 2,
  }));
}
