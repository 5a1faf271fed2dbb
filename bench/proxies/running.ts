/** Owns what a scenario knows of the programs it compares: how one is started, and where it is asked. */
import type { Credentials } from './credentials.ts';

/** The folder, upstream and certificates that every program is started with. */
export interface Ground {
  /** A scratch folder. */
  readonly dir: string;
  readonly upstream: Upstream;
  /** Two parties that trust each other. */
  readonly a: Credentials;
  readonly b: Credentials;
}

/** Ports of the server behind all proxies. */
export interface Upstream {
  readonly http: number;
  readonly http2: number;
}

/** A program that runs: one process or several, asked at one port of 127.0.0.1. */
export interface Running {
  readonly pids: readonly number[];
  readonly port: number;
  /** The certificate that a client of its TLS port proves itself with, where it has such a port. */
  readonly client?: Credentials;
  stop(): Promise<void>;
}

export type ProgramName =
  | 'isthmus'
  | 'isthmusBare'
  | 'nginx'
  | 'haproxy'
  | 'haproxyH2'
  | 'haproxyH1';

export interface Contestant {
  readonly program: ProgramName;
  /** Whether it is compiled as it runs, and so takes longer to warm up; default false. */
  readonly compiles?: boolean;
  /** Resolves when it answers. */
  start(ground: Ground): Promise<Running>;
}

/** The authority all requests name, which is the service's name for a gateway. */
export const authority = 'web.bench.bench';

/** Paths of the upstream. */
export const paths = { small: '/small', megabyte: '/megabyte', unary: '/bench.Echo/Say' } as const;
