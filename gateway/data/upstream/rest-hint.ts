/** Owns what a server says of how long a connection may rest: the `timeout` of its `Keep-Alive` field. */

/** A request that leaves before the server's time is up must also arrive before. */
const onItsWayMs = 500;

/** How long a connection may rest in milliseconds, less the time a request may take to get there; Infinity where the server does not say. `Keep-Alive` is defined in RFC 2068 section 19.7.1.1. */
export function restHintMs(keepAlive: string | undefined): number {
  if (keepAlive === undefined) return Infinity;
  const seconds = /(?:^|[\s,])timeout\s*=\s*"?(\d{1,9})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - onItsWayMs);
}
