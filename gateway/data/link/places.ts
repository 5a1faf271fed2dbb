/** Owns where advertised addresses lead: an IP address to itself, a name to every address that it has now, followed as it changes. */
import { isIP } from 'node:net';
import { formatAddress, parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';

/** Finds the addresses of a name, never none. Remembers them for as long as their records allow, so that it may be asked often. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string }[]>;

export interface PlacesOptions {
  readonly resolve: Resolve;
  readonly clock: Clock;
  /** After a name has led elsewhere than before. */
  onChange(): void;
}

/** How late a change is noticed at most, once what is remembered of a name is outdated. */
const lookEveryMs = 1_000;

/** Addresses of one name that are used: another cluster's DNS is not to have us open links without end. */
const maxPlaces = 16;

export class Places {
  readonly #options: PlacesOptions;
  /** By the advertised address, for those that are names; undefined until the name was looked up. */
  readonly #named = new Map<string, readonly string[] | undefined>();
  #cancel: (() => void) | undefined;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Follows exactly these `host:port` from now on. */
  follow(addresses: Iterable<string>): void {
    const names = new Set<string>();
    for (const address of addresses) {
      if (isIP(parseAddress(address).host) === 0) names.add(address);
    }
    for (const name of this.#named.keys()) if (!names.has(name)) this.#named.delete(name);
    for (const name of names) {
      if (this.#named.has(name)) continue;
      this.#named.set(name, undefined);
      void this.#look(name);
    }
    if (this.#named.size === 0) this.close();
    else this.#cancel ??= this.#options.clock.after(lookEveryMs, () => this.#lookAgain());
  }

  /**
   * `ip:port` of everything at an address that is followed; undefined as long as its name was never looked up. One that
   * does not resolve leads to itself: whoever dials it is told why.
   */
  of(address: string): readonly string[] | undefined {
    return this.#named.has(address) ? this.#named.get(address) : [address];
  }

  /** Follows nothing more. */
  close(): void {
    this.#named.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #lookAgain(): void {
    this.#cancel = this.#options.clock.after(lookEveryMs, () => this.#lookAgain());
    for (const name of this.#named.keys()) void this.#look(name);
  }

  /** Never rejects. */
  async #look(name: string): Promise<void> {
    const { host, port } = parseAddress(name);
    let found: readonly string[] | undefined;
    try {
      const addresses = await this.#options.resolve(host);
      const places = new Set(addresses.map(({ address }) => formatAddress(address, port)));
      found = [...places].sort().slice(0, maxPlaces);
    } catch {
      // It was resolved before, or is dialed as it is, which fails in the same way and says so.
      found = this.#named.get(name) ?? [name];
    }
    if (!this.#named.has(name) || this.#named.get(name)?.join() === found.join()) return;
    this.#named.set(name, found);
    this.#options.onChange();
  }
}
