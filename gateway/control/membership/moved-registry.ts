/** Owns taking up an etcd that the configuration names, where the membership is of an embedded registry: the federation was moved there. */
import type { Log } from '../../../core/log.ts';
import { isJoined, type Joined, type MembershipFile } from '../../../federation/member.ts';
import type { GatewayConfig } from '../config/config.ts';

/** Whom this cluster is in a federation with, and where its registry is from now on; on disk when this resolves. Throws FILE_UNWRITABLE. */
export async function moveToConfigured(
  joined: Joined,
  file: MembershipFile,
  { registry }: Pick<GatewayConfig, 'registry'>,
  log: Log,
): Promise<Joined> {
  if (joined.registry.kind === 'etcd' || !registry?.etcd) return joined;
  const endpoints = addressesOf(registry.etcd);
  log.warn(
    { from: joined.registry.endpoints, to: endpoints },
    'the registry is the etcd that is configured, no longer the embedded one',
  );
  const access = { kind: 'etcd', endpoints } as const;
  await file.update((state) => (isJoined(state) ? { ...state, registry: access } : state));
  return { ...joined, registry: access };
}

/** As a membership has them. */
export function addressesOf({ endpoints }: { readonly endpoints: readonly string[] }): string[] {
  return endpoints.map((url) => url.replace(/^https?:\/\//, ''));
}
