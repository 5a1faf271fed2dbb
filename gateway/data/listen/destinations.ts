/** Owns where a TLS connection goes, by the server its client names. */
import { HostTable } from '../request/route/host-pattern.ts';

type Destination<Terminator> =
  /** TLS ends here. */
  | { readonly kind: 'terminate'; readonly by: Terminator }
  /** The octets go to that service as they are. */
  | { readonly kind: 'pass'; readonly authority: string };

interface DestinationsOptions<Terminator> {
  readonly terminators: readonly {
    readonly by: Terminator;
    readonly hosts: readonly string[];
    readonly isDefault: boolean;
  }[];
  readonly passthrough: readonly { readonly host: string; readonly authority: string }[];
  /** Whether that name is the own one of a service whose endpoints end TLS themselves. */
  isTlsService(serverName: string): boolean;
}

/** Exact hosts come first, then services by their own names, then wildcards, and the default last. */
export class Destinations<Terminator> {
  readonly #hosts = new HostTable<Destination<Terminator>>();
  readonly #default: Destination<Terminator> | undefined;
  readonly #isTlsService: (serverName: string) => boolean;

  constructor(options: DestinationsOptions<Terminator>) {
    this.#isTlsService = options.isTlsService;
    for (const { host, authority } of options.passthrough) {
      this.#hosts.add(host, { kind: 'pass', authority });
    }
    for (const { by, hosts, isDefault } of options.terminators) {
      const destination = { kind: 'terminate', by } as const;
      for (const host of hosts) this.#hosts.add(host, destination);
      if (isDefault) this.#default ??= destination;
    }
  }

  /** Whether the TLS of that name, in lower case, is passed on as it is: what is asked of it must not be read here. */
  isPassed(serverName: string): boolean {
    return this.find(serverName)?.kind === 'pass';
  }

  /** `serverName` is in lower case, as a ClientHello is read; undefined where it names none. */
  find(serverName: string | undefined): Destination<Terminator> | undefined {
    if (serverName === undefined) return this.#default;
    const exact = this.#hosts.exact(serverName);
    if (exact !== undefined) return exact;
    if (this.#isTlsService(serverName)) return { kind: 'pass', authority: serverName };
    return this.#hosts.wildcard(serverName) ?? this.#default;
  }
}
