/** Owns the instances that a registration stands for: itself, or one at each address that its name has. */
import { isIP } from 'node:net';
import { formatAddress } from '../../../core/address.ts';
import type { Check } from '../../../policy/health-check.ts';
import { Places, type PlacesOptions } from '../../data/link/places.ts';
import type { Registration, WholeRegistration } from './registration.ts';

/** Most characters of an id: a label of the DNS. */
const maxId = 63;

export class Instances {
  readonly #places: Places;
  /** How many registrations have a name. */
  readonly #names = new Map<string, number>();

  constructor(options: PlacesOptions) {
    this.#places = new Places(options);
  }

  add(registration: Registration): void {
    this.#count(registration, 1);
  }

  remove(registration: Registration): void {
    this.#count(registration, -1);
  }

  /**
   * Itself where its address is one, or a name that has one; else one for each address, with an id of its own that is the same as
   * long as that address is there. Checks still ask for the name.
   */
  of(registration: WholeRegistration): readonly WholeRegistration[] {
    const name = nameOf(registration);
    const places = name === undefined ? undefined : this.#places.of(name);
    if (name === undefined || places === undefined || places.length < 2) return [registration];
    const check = registration.check && checkAs(registration.check, name);
    return places.map((place) => {
      const address = place.slice(0, place.lastIndexOf(':')).replace(/^\[|\]$/g, '');
      return { ...registration, id: idAt(registration.id, address), address, check };
    });
  }

  close(): void {
    this.#places.close();
  }

  #count(registration: Registration, by: 1 | -1): void {
    const name = nameOf(registration);
    if (name === undefined) return;
    const count = (this.#names.get(name) ?? 0) + by;
    if (count === 0) this.#names.delete(name);
    else this.#names.set(name, count);
    if (count <= 1) this.#places.follow(this.#names.keys());
  }
}

/** `host:port` where the host is a name. */
export function nameOf({ address, port }: Registration): string | undefined {
  return isIP(address) === 0 ? formatAddress(address, port) : undefined;
}

function idAt(id: string, address: string): string {
  const text = address.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const end = isIP(address) === 6 ? `-ip6-${text.replace(/^-|-$/g, '')}` : `-${text}`;
  return `${id.slice(0, maxId - end.length)}${end}`;
}

function checkAs(check: Check, host: string): Check {
  const { probe } = check;
  return probe.kind === 'tcp' ? check : { ...check, probe: { ...probe, host: probe.host ?? host } };
}
