/** Owns admitting another gateway to one's own cluster: a token of its own kind is good, once, for the cluster's authority and membership. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type AuthorityFiles, readAuthorityFiles } from '../certs/authority-files.ts';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import { withAdmittingGateway } from './contact.ts';
import { GuessLimit } from './guess-limit.ts';
import { isJoined, type Joined, type MembershipFile, parseMembershipState } from './member.ts';
import { type AdoptReply, type AdoptRequest, protocolVersion } from './messages.ts';
import {
  type CreatedToken,
  encodeToken,
  hashSecret,
  type JoinToken,
  tokenLifetime,
} from './token.ts';

interface AdoptionOptions {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  /** Id of this gateway, which another may not have. */
  readonly gateway: string;
  /** Folder of the cluster's authority. */
  readonly authorityDir: string;
  /** Fingerprint of the root that signs now. */
  fingerprint(): string;
  readonly file: MembershipFile;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Tokens are kept in memory alone: nobody else is to honour them, no registry is needed, and they end with the process.
 * A join token, which is handed to other clusters, is none of them.
 */
export class Adoption {
  readonly #options: AdoptionOptions;
  readonly #guesses: GuessLimit;
  /** By id. */
  readonly #tokens = new Map<string, { readonly hash: Buffer; readonly expiresAt: number }>();

  constructor(options: AdoptionOptions) {
    this.#options = options;
    this.#guesses = new GuessLimit(
      options.clock,
      (address) =>
        new IsthmusError('JOIN_LIMITED', {
          what: `Too many wrong gateway tokens came from ${address}`,
        }),
    );
  }

  /** Makes a token; `addresses` are this gateway's own. Throws BODY_INVALID, or NOT_A_MEMBER where there is no membership to share. */
  invite(addresses: readonly string[], ttlMs: number | undefined): CreatedToken {
    const { federation, cluster, file, clock } = this.#options;
    const fingerprint = this.#options.fingerprint();
    file.joined();
    const now = clock.now();
    const expiresAt = now + tokenLifetime(ttlMs);
    for (const [id, token] of this.#tokens) if (now >= token.expiresAt) this.#tokens.delete(id);
    const id = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    this.#tokens.set(id, { hash: hashSecret(secret), expiresAt });
    const token = { federation, cluster, addresses, fingerprint, id, secret, expiresAt };
    return { text: encodeToken({ ...token, admits: 'gateway' }), id, expiresAt, fingerprint };
  }

  /** Whether there was such a token; there is none now. */
  revoke(id: string): boolean {
    return this.#tokens.delete(id);
  }

  /** Hands over what makes a gateway one of this cluster's. Throws TOKEN_INVALID, TOKEN_EXPIRED, JOIN_REFUSED, NOT_A_MEMBER. */
  async adopt(request: AdoptRequest, remote: string): Promise<AdoptReply> {
    const { authorityDir, file, log } = this.#options;
    this.#authenticate(request, remote);
    this.#examine(request);
    const membership = JSON.stringify(file.joined());
    const { key, root, roots = '' } = await readAuthorityFiles(authorityDir);
    // Used up as late as possible, and before anything is said: of two at once one gets it.
    if (!this.#tokens.delete(request.tokenId)) throw unknownToken();
    log.warn(
      { gateway: request.gateway, remote },
      'a gateway is given the authority of this cluster',
    );
    return { authorityKey: key, authorityRoot: root, membership, authorityRoots: roots };
  }

  /** An unknown id and a wrong secret are refused in the same words, after the same work. */
  #authenticate({ tokenId, tokenSecret }: AdoptRequest, remote: string): void {
    this.#guesses.check(remote);
    const given = hashSecret(tokenSecret);
    const token = this.#tokens.get(tokenId);
    if (!timingSafeEqual(token?.hash ?? Buffer.alloc(given.length), given) || !token) {
      this.#guesses.failed(remote);
      throw unknownToken();
    }
    if (this.#options.clock.now() >= token.expiresAt) {
      const when = new Date(token.expiresAt).toISOString();
      throw new IsthmusError('TOKEN_EXPIRED', {
        what: `The gateway token expired at ${when}`,
        fix: 'Create a new one: `isthmus token create --gateway`.',
      });
    }
  }

  #examine(request: AdoptRequest): void {
    const { federation, cluster, gateway } = this.#options;
    if (request.protocolVersion !== protocolVersion) {
      throw refused(
        `The other gateway speaks protocol version ${request.protocolVersion}, this one ${protocolVersion}`,
        'Run the same version on both.',
      );
    }
    if (request.federation !== federation || request.cluster !== cluster) {
      throw refused(
        `This gateway is of ${cluster} in ${federation}`,
        `Set \`cluster: ${cluster}\` and \`federation: ${federation}\` in the configuration of the other.`,
      );
    }
    if (request.gateway === gateway) {
      throw refused(
        `This gateway of ${cluster} is called ${gateway} as well`,
        'Give the other an id of its own: `gateway:` in its configuration.',
      );
    }
  }
}

interface AdoptedOptions {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  readonly gateway: string;
  readonly clock: Clock;
}

interface Adopted {
  readonly authority: AuthorityFiles;
  readonly membership: Joined;
}

/** Gets, with a token, the authority and the membership of this gateway's cluster. Throws the refusal of the gateway asked, or as `withAdmittingGateway` does. */
export async function adoptedBy(token: JoinToken, options: AdoptedOptions): Promise<Adopted> {
  const { federation, cluster, gateway } = options;
  const { id: tokenId, secret: tokenSecret } = token;
  const request = { protocolVersion, federation, cluster, gateway, tokenId, tokenSecret };
  const reply = await withAdmittingGateway(token, options, (client) => client.adopt(request));
  const membership = parseMembershipState(`the answer of ${token.cluster}`, reply.membership);
  if (!isJoined(membership)) throw refused(`${token.cluster} is in no federation`, 'Join first.');
  const { authorityKey: key, authorityRoot: root, authorityRoots: roots = '' } = reply;
  return { authority: { key, root, ...(roots !== '' && { roots }) }, membership };
}

/** Throws JOIN_REFUSED for a token of another cluster's. */
export function refuseForeignToken(
  token: JoinToken,
  { federation, cluster }: Pick<AdoptedOptions, 'federation' | 'cluster'>,
): void {
  if (token.cluster === cluster && token.federation === federation) return;
  throw refused(
    `The token admits gateways of ${token.cluster} in ${token.federation}, this is one of ${cluster} in ${federation}`,
    'For a cluster of its own create a join token: `isthmus token create`.',
  );
}

function unknownToken(): IsthmusError {
  return new IsthmusError('TOKEN_INVALID', {
    what: 'The gateway token is not known here: it was used, or the gateway that made it was restarted',
    fix: 'Create a new one: `isthmus token create --gateway`.',
  });
}

function refused(what: string, fix: string): IsthmusError {
  return new IsthmusError('JOIN_REFUSED', { what, fix });
}
