/** Owns sending a request to its target, in the form that goes out. */
import type { Target } from '../../balance/types.ts';
import type { Call } from '../../message/call.ts';
import type { Exchange } from '../../message/exchange.ts';
import { foreignField, serviceField, sessionField, subsetField } from '../../message/headers.ts';
import type { OutgoingFields, OutgoingRequest } from '../../message/message.ts';
import { OneMoreField } from '../../message/one-more-field.ts';
import { withoutToken } from '../../message/token-removal.ts';
import type { Route } from '../route/route-table.ts';
import type { ForwardingGround } from './ground.ts';
import type { Try } from './try.ts';

/** A request as it is sent, whatever it is sent to; one that announces a body of no octets has none. */
export function outgoingRequest(
  { head, passage }: Exchange,
  fields: OutgoingFields,
  expectsContinue: boolean,
): OutgoingRequest {
  const { method, scheme, authority, path, bodyLength, tunnel } = head;
  return {
    method,
    scheme,
    authority: passage?.authority ?? authority,
    path: passage?.path ?? path,
    fields,
    bodyLength: bodyLength === 0 ? 'none' : bodyLength,
    expectsContinue,
    tunnel,
  };
}

/** Sends a try of a request to its target, or has it meet the fault that is made there on purpose. */
export function send(
  ground: ForwardingGround,
  route: Route,
  { peer, passage }: Exchange,
  current: Try,
  whole: OutgoingRequest,
): Call {
  const { faults } = ground;
  const { target } = current;
  const place = target.kind === 'endpoint' ? passage?.tokenPlace : undefined;
  const request = place === undefined ? whole : withoutToken(whole, place);
  const token = target.kind === 'cluster' ? passage?.session?.token : undefined;
  const bound = token === undefined ? request : withField(request, sessionField, token);
  const foreign = target.kind === 'cluster' && peer.kind === 'client' ? peer.foreign : undefined;
  const told = foreign === undefined ? bound : withField(bound, foreignField, foreign);
  if (faults.lookup === undefined) return call(ground, route, current, told);
  const entered = peer.kind !== 'gateway';
  return faults.call({ service: route.service, target, entered }, current, () =>
    call(ground, route, current, told),
  );
}

function call(
  { endpoints, links, says }: ForwardingGround,
  { policy, service, named = service, secure, balancer, subset }: Route,
  current: Try,
  request: OutgoingRequest,
): Call {
  const { target }: { readonly target: Target } = current;
  if (target.kind === 'endpoint') {
    const { gate } = balancer;
    const options = gate === undefined ? policy.timeouts : { ...policy.timeouts, gate };
    return (secure ?? endpoints).call(target.endpoint, request, current, options);
  }
  // To another gateway a request's authority may not say which service it is for.
  const asked = says.isNamed(request.authority, named)
    ? request
    : withField(request, serviceField, named);
  const told = subset === undefined ? asked : withField(asked, subsetField, subset);
  return links.call(target.cluster, told, current, policy.timeouts);
}

function withField(request: OutgoingRequest, name: string, value: string): OutgoingRequest {
  return { ...request, fields: new OneMoreField(request.fields, name, value) };
}
