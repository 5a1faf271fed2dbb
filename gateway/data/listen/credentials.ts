/** Owns the certificates and keys of an ingress, as plain values that can be handed to another thread. */

/** A certificate and the server names it is chosen for. */
export interface Credentials {
  /** Hosts, exact or by `*.`. */
  readonly hosts: readonly string[];
  readonly chainPem: string;
  readonly keyPem: string;
  /** Wall milliseconds. */
  readonly notAfter: number;
}

/** Everything of one ingress. */
export interface IngressCredentials {
  readonly certificates: readonly (Credentials & {
    /** Whether clients get it that name no server, or one nobody knows. */
    readonly isDefault: boolean;
  })[];
  /** PEM of the authorities whose client certificates are believed; undefined where none are asked for. */
  readonly clientCa: string | undefined;
}
