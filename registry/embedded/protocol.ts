/** Owns what the embedded registry's thread and its parent say to each other. */
import type { ErrorCode } from '../../core/errors.ts';
import type { ServerIdentity, TrustedDomain } from './node.ts';

export type Request =
  | { readonly kind: 'start' }
  | { readonly kind: 'set-identity'; readonly identity: ServerIdentity }
  | { readonly kind: 'set-trust'; readonly domains: readonly TrustedDomain[] }
  | { readonly kind: 'close' }
  /** Ends without an answer, as a crash would. */
  | { readonly kind: 'kill' };

export type ToThread = Request & { readonly id: number };

export type FromThread =
  | { readonly kind: 'done'; readonly id: number; readonly result: string }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: ErrorCode;
      readonly what: string;
      readonly where: string | undefined;
      readonly fix: string;
    }
  /** One line of JSON, as pino writes it. */
  | { readonly kind: 'log'; readonly line: string };
