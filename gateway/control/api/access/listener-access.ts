/** Owns how the admin API's own listener lets callers in: the certificate it proves itself with, and the callers it knows. */
import { resolve } from 'node:path';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../../../core/address.ts';
import type { Clock } from '../../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../../core/errors.ts';
import type { Log } from '../../../../core/log.ts';
import { GuessLimit } from '../../../../federation/guess-limit.ts';
import { type AdminConfig, assertProtected } from '../../config/admin.ts';
import { type BearerToken, hashOf, holderOf, parseToken } from './bearer-tokens.ts';
import { certified } from './client-certificates.ts';
import type { Access } from './gate.ts';
import { ListenerTls } from './listener-tls.ts';
import { Oidc } from './oidc.ts';
import type { Principal } from './principal.ts';
import { WatchedFile, watchFiles } from './watched-file.ts';

interface ListenerAccessOptions {
  /** `host:port` or `unix:/path`. */
  readonly listen: string;
  readonly admin: AdminConfig;
  /** The folder that paths of the configuration are relative to. */
  readonly baseDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ListenerAccess extends Access {
  /** Absent for plain HTTP. */
  readonly tls: ListenerTls | undefined;
  /** Calls `renewed` with what the server proves itself with from now on; returns a function that stops that. */
  watch(renewed: (options: SecureContextOptions) => void): () => void;
}

/** Reads what the configuration names. Throws ADMIN_EXPOSED, FILE_UNREADABLE, CERT_INVALID or CONFIG_INVALID. */
export async function openAccess(options: ListenerAccessOptions): Promise<ListenerAccess> {
  const { listen, admin, baseDir, clock, log } = options;
  assertProtected(listen, admin);
  const pathOf = (path: string) => resolve(baseDir, path);
  const isSocket = listen.startsWith('unix:');
  const tls = admin.tls && !isSocket ? await ListenerTls.open(admin.tls, pathOf) : undefined;
  const tokens: (BearerToken & { readonly file: WatchedFile<Buffer> })[] = [];
  for (const { name, role, tokenFile } of admin.auth?.tokens ?? []) {
    tokens.push({ name, role, file: await WatchedFile.open(pathOf(tokenFile), parseToken) });
  }
  const files = [...tokens.map(({ file }) => file), ...(tls?.files ?? [])];
  return {
    tls,
    site: {
      scheme: tls ? 'https' : 'http',
      isOwnName: (host) => isLoopback(host) || tls?.isNamed(host) === true,
    },
    authenticate: admin.auth ? authenticator(admin.auth, tls, tokens, clock) : () => local,
    watch: (renewed) =>
      watchFiles(
        files,
        () => {
          if (tls) renewed(tls.options);
          log.info('certificates or tokens of the admin API changed, and are in use');
        },
        clock,
        log,
      ),
  };
}

/** Without authentication configured, whoever reaches loopback or the socket is on this machine. */
const local: Principal = { name: 'local', role: 'admin', via: 'local' };

function authenticator(
  auth: NonNullable<AdminConfig['auth']>,
  tls: ListenerTls | undefined,
  tokens: readonly BearerToken[],
  clock: Clock,
): Access['authenticate'] {
  const oidc = auth.oidc && new Oidc(auth.oidc);
  const isVouchedFor = (socket: TLSSocket) => tls?.vouchesFor(socket, clock.now()) === true;
  const guesses = new GuessLimit(
    clock,
    () => new IsthmusError('RATE_LIMITED', { what: tooOften, fix: tooOftenFix }),
  );
  return async (request) => {
    const presented = bearerOf(request);
    if (presented === undefined) {
      const holder = certified(request.raw.socket, auth.clientCertificates, isVouchedFor);
      if (holder) return holder;
      throw new IsthmusError('UNAUTHENTICATED', {
        what: 'The request has neither a bearer token nor a client certificate that is known here',
      });
    }
    const holder = holderOf(presented, tokens);
    if (holder) return holder;
    // By the token too: who shares an address with somebody that guesses, an operator that aborts a drill, gets in.
    const guess = `${request.ip ?? 'socket'} ${hashOf(presented).toString('base64url')}`;
    guesses.check(guess);
    try {
      if (oidc) return await oidc.verify(presented);
      throw new IsthmusError('UNAUTHENTICATED', { what: 'The token is not one of this API' });
    } catch (thrown) {
      if (asIsthmusError(thrown).code === 'UNAUTHENTICATED') guesses.failed(guess);
      throw thrown;
    }
  };
}

const tooOften = 'This token was wrong ten times within a minute';
const tooOftenFix = 'Use another token; this one is looked at again in a minute.';

/** RFC 6750, section 2.1. */
function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1];
}
