/** Owns the scenarios that ask one kind of request in a closed loop. */
import { grpcPair, hop, pair, policed } from '../contestants.ts';
import { grpcLoad, http1Load } from '../load.ts';
import { perRequest } from '../measure.ts';
import type { Scenario } from '../rounds.ts';
import { paths } from '../running.ts';

export const oneHop: Scenario = {
  name: 'oneHop',
  title: 'one hop, plain HTTP/1.1, 93-byte bodies, 64 connections',
  programs: hop,
  measure: (running, seconds) =>
    perRequest(running, 'cpuUsPerRequest', () =>
      http1Load({ port: running.port, path: paths.small, connections: 64, seconds }),
    ),
};

export const oneHopVaried: Scenario = {
  name: 'oneHopVaried',
  title: 'one hop, plain HTTP/1.1, 93-byte bodies, 64 connections, each request for another target',
  programs: hop,
  takesTime: true,
  measure: (running, seconds) =>
    perRequest(running, 'cpuUsPerRequest', () =>
      http1Load({ port: running.port, path: paths.small, connections: 64, seconds, varied: true }),
    ),
};

export const policies: Scenario = {
  ...oneHop,
  name: 'policies',
  title: 'one hop as oneHop, with 700 policies that the requests are not about, and with none',
  programs: policed,
};

export const twoGateways: Scenario = {
  ...oneHop,
  name: 'twoGateways',
  title: 'two gateways, mTLS between, 93-byte bodies, 64 connections',
  programs: pair,
};

export const grpc: Scenario = {
  name: 'grpc',
  title: 'two gateways, mTLS between, unary gRPC calls of 93 bytes, 8 connections x 8 calls',
  programs: grpcPair,
  measure: (running, seconds, { dir }) =>
    perRequest(running, 'cpuUsPerRequest', () => grpcLoad(running.port, seconds, dir)),
};

export const bulk: Scenario = {
  name: 'bulk',
  title: 'two gateways, mTLS between, bodies of 1 MB, 8 connections',
  programs: pair,
  measure: (running, seconds) =>
    perRequest(running, 'cpuUsPerMB', () =>
      http1Load({ port: running.port, path: paths.megabyte, connections: 8, seconds }),
    ),
};

export const churn: Scenario = {
  name: 'churn',
  title: 'one hop, plain HTTP/1.1, a new connection for each request, 64 at a time',
  programs: hop,
  measure: (running, seconds) =>
    perRequest(running, 'cpuUsPerRequest', () =>
      http1Load({
        port: running.port,
        path: paths.small,
        connections: 64,
        seconds,
        reconnect: true,
      }),
    ),
};
