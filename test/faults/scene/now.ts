/** Owns the clock by which all processes of the scene note moments: the machine's monotonic one, in milliseconds. */

export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
