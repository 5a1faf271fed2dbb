/** Owns what a gateway says of the settings that all gateways of a cluster should have alike: a digest of each, by which those that differ are found. */
import { createHash } from 'node:crypto';
import type { GatewayConfig } from '../config/config.ts';
import { policiesOf } from '../config/policies.ts';

/** Services that are told one by one; of more there is one digest of all. */
const maxServices = 64;

/** Configurations are never changed, only followed by others. */
const known = new WeakMap<SharingConfig, Record<string, string>>();

type SharingConfig = Pick<GatewayConfig, 'balance' | 'services' | 'timeouts'>;

/** Digests by the key of the configuration, or by the service that says something of its own. */
export function sharedSettings(config: SharingConfig): Record<string, string> {
  return known.getOrInsertComputed(config, digestsOf);
}

function digestsOf(config: SharingConfig): Record<string, string> {
  const { balance, timeouts } = config;
  const ofServices = [...policiesOf(config)].filter(({ target }) => target.service !== undefined);
  const own = Map.groupBy(ofServices, ({ target }) => `services ${target.service}`);
  const services = [...own].map(([key, said]): [string, unknown] => [
    key,
    said.map(({ kind, spec }) => [kind, spec]),
  ]);
  const told: [string, unknown][] =
    services.length > maxServices ? [['services', services.toSorted()]] : services;
  const all: [string, unknown][] = [['balance', balance], ['timeouts', timeouts], ...told];
  return Object.fromEntries(all.map(([key, value]) => [key, digestOf(value)]));
}

/** What of the settings of two gateways differs; nothing where one is of a version that does not tell. */
export function differingSettings(
  one: Readonly<Record<string, string>> | undefined,
  other: Readonly<Record<string, string>> | undefined,
): string[] {
  if (one === undefined || other === undefined) return [];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => one[key] !== other[key]).sort();
}

/** Whatever the order of keys. */
function digestOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
