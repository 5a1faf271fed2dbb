/** Owns which named ports a service has, here and in other clusters, by the facts that a worker has of it. */
import { isDeepStrictEqual } from 'node:util';
import type { Protocol } from '../../../registry/model.ts';
import type { KnownPorts } from '../request/route/ports.ts';
import type { ServiceFacts } from './facts.ts';

/**
 * The named ports that anybody has: what the own endpoints say of one goes before what other clusters do. `before`, where it is the
 * same still; undefined where there are none.
 */
export function portsOf(
  { endpoints, exports }: ServiceFacts,
  before: KnownPorts | undefined,
): KnownPorts | undefined {
  let found: Map<string, { port: number | undefined; protocol: Protocol }> | undefined;
  for (const { ports } of endpoints) {
    for (const { name, port, protocol } of ports ?? []) {
      found ??= new Map();
      if (!found.has(name)) found.set(name, { port, protocol });
    }
  }
  for (const { ports } of exports.values()) {
    for (const [name, { port, protocol }] of Object.entries(ports ?? {})) {
      found ??= new Map();
      if (!found.has(name)) found.set(name, { port, protocol });
    }
  }
  return isDeepStrictEqual(found, before) ? before : found;
}
