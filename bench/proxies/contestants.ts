/** Owns the lists of programs that scenarios compare. */
import { haproxyGrpcPair, haproxyHop, haproxyPair, haproxyTlsListener } from './haproxy.ts';
import {
  isthmusGrpcPair,
  isthmusHop,
  isthmusPair,
  isthmusTlsListener,
  isthmusWithPolicies,
} from './isthmus.ts';
import { nginxHop, nginxPair, nginxTlsListener } from './nginx.ts';
import type { Contestant } from './running.ts';

/** client -> proxy -> upstream */
export const hop: readonly Contestant[] = [
  { program: 'isthmus', compiles: true, start: isthmusHop },
  { program: 'nginx', start: nginxHop },
  { program: 'haproxy', start: haproxyHop },
];

/** The same, by a gateway with policies and by one without any. */
export const policed: readonly Contestant[] = [
  { program: 'isthmus', compiles: true, start: isthmusWithPolicies },
  { program: 'isthmusBare', compiles: true, start: isthmusHop },
];

/** client -> proxy -> mTLS -> proxy -> upstream */
export const pair: readonly Contestant[] = [
  { program: 'isthmus', compiles: true, start: isthmusPair },
  { program: 'nginx', start: nginxPair },
  { program: 'haproxyH2', start: (ground) => haproxyPair(ground, 'h2') },
  { program: 'haproxyH1', start: (ground) => haproxyPair(ground, 'http/1.1') },
];

/**
 * The same with HTTP/2 from the client to the upstream. Not nginx: its gRPC client refuses frames of a stream that has ended, which
 * nginx as a server sends, and so a pair of them answers some calls with 502.
 */
export const grpcPair: readonly Contestant[] = [
  { program: 'isthmus', compiles: true, start: isthmusGrpcPair },
  { program: 'haproxy', start: haproxyGrpcPair },
];

/** client -> mTLS -> proxy -> upstream */
export const tlsListener: readonly Contestant[] = [
  { program: 'isthmus', compiles: true, start: isthmusTlsListener },
  { program: 'nginx', start: nginxTlsListener },
  { program: 'haproxy', start: haproxyTlsListener },
];
