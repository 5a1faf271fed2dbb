/** Owns the alerts we send before there is a TLS connection to send them on (RFC 8446 section 6). */

export const alert = {
  /** No certificate and no service goes by the name that was asked for. */
  unrecognizedName: 112,
  decodeError: 50,
} as const;

/** Content type of the record that every TLS connection begins with (RFC 8446 section 5.1). */
const handshake = 22;

/** Whether what a client has sent is a beginning of TLS, however it goes on: then it is told by an alert. */
export function beginsTls(octets: Uint8Array): boolean {
  return octets[0] === handshake;
}

/** A fatal alert as the plain record that answers a ClientHello. */
export function fatalAlert(description: number): Buffer {
  // Record: alert (21), version 3.3, 2 octets; alert: fatal (2), description.
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}
