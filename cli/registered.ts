/** Owns what is said beside a registration: that others do not see it yet and why, and whose the heartbeats are. */
import type { Status } from '../gateway/control/api/answers.ts';
import type { AdminClient } from './admin-client.ts';

/** The warning where the registry has not got an endpoint yet; undefined where nobody would see it there. */
export async function unpublishedWarning(admin: AdminClient): Promise<string | undefined> {
  const { ready, registry } = await admin.get<Status>('/v1/status');
  if (registry.kind === 'standalone' && ready) return undefined;
  return registry.kind === 'unavailable'
    ? 'warning: the registry is out of reach; what was registered is published to others when it is back'
    : 'warning: others do not see it yet: it is published as soon as it can be; what keeps it, `isthmus status` says';
}

/** The note on an endpoint with a `ttl`, which nothing here keeps alive. */
export function heartbeatNote(ttl: string, path: string): string {
  return `note: its heartbeats are yours to send, one in ${ttl} at least, else it is unhealthy: PUT ${path}/heartbeat, or register it with --heartbeat`;
}

/** The same note on `mortal` of many endpoints. */
export function heartbeatsNote(mortal: number): string | undefined {
  if (mortal === 0) return undefined;
  return `note: the heartbeats of those with a ttl (${mortal}) are yours to send, else they are unhealthy: POST /v1/endpoints, {"heartbeat":[{"service":...,"id":...}]}`;
}
