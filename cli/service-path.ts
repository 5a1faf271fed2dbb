/** Owns the way from a service as a user names it to its place in the admin API. */
import {
  type AskedName,
  askedName,
  parseAskedName,
  parseFederationName,
  parseServiceName,
  type ServiceName,
  serviceParts,
} from '../core/names.ts';
import type { Status } from '../gateway/control/api/answers.ts';
import type { AdminClient } from './admin-client.ts';

/** Reads `<service>.<namespace>` or the whole host; only the latter asks the gateway for its federation. Throws NAME_INVALID. */
export async function resolveService(admin: AdminClient, text: string): Promise<ServiceName> {
  if (text.split('.').length <= 2) return parseServiceName(text);
  const { federation } = await admin.get<Status>('/v1/status');
  return parseServiceName(text, parseFederationName(federation));
}

/** Reads the same, or a named port of one, `<port>.<service>.<namespace>`, alone or as a host. Throws NAME_INVALID. */
export async function resolveAsked(admin: AdminClient, text: string): Promise<AskedName> {
  if (text.split('.').length <= 2) return parseServiceName(text);
  const { federation } = await admin.get<Status>('/v1/status');
  return askedName(parseAskedName(text, parseFederationName(federation)));
}

/** `/v1/services/<namespace>/<service>/endpoints/<id>`. */
export function endpointPath(name: ServiceName, id: string): string {
  const { namespace, service } = serviceParts(name);
  return `/v1/services/${namespace}/${service}/endpoints/${encodeURIComponent(id)}`;
}
