/** Owns joining, from the joiner's side: nothing goes to a stranger, and whatever breaks, both sides end up agreeing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authority } from '../certs/authority.ts';
import { type BackoffPolicy, backoffDelay } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { trustDomainOf } from '../core/names.ts';
import { type Answer, readAnswer } from './answer.ts';
import { withAdmittingGateway } from './contact.ts';
import { isJoined, type Joined, type MembershipFile, standalone } from './member.ts';
import { type ClusterDraft, joinRequest } from './own-records.ts';
import { decodeToken, type JoinToken } from './token.ts';
import { RemoteError } from './wire-errors.ts';

/** How often a request whose answer was lost is sent before the rest is left to the journal. */
const attempts = 4;
const defaultBackoff: BackoffPolicy = { baseMs: 250, maxMs: 4000 };

export interface JoinOptions {
  /** This cluster's authority. */
  readonly authority: Authority;
  /** The joiner's record as it would be; its trust domain names the federation it is configured for. */
  readonly self: ClusterDraft;
  readonly file: MembershipFile;
  /** Whether the membership that the file may have is over. */
  readonly isOver?: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Time each call may take, in milliseconds. Default 10 s. */
  readonly deadlineMs?: number;
  /** Between attempts; default 250 ms growing to 4 s. */
  readonly backoff?: BackoffPolicy;
}

/**
 * Joins. A refusal changes nothing on either side. A request whose fate is unknown is repeated, which does no harm; when
 * that does not help either, the journal stays, and `resumeJoin` or another `join` with the same token finishes. Throws TOKEN_INVALID,
 * TOKEN_PIN_MISMATCH, CLOCK_SKEW, JOIN_REFUSED, JOIN_CONFLICT, ALREADY_MEMBER or PEER_UNREACHABLE.
 */
export async function join(text: string, options: JoinOptions): Promise<Joined> {
  const { file, log } = options;
  refuseMember(options);
  if (file.state.kind === 'joining' && file.state.token !== text) {
    const finished = await finishEarlier(options);
    if (finished) return finished;
  }
  const resuming = file.state.kind === 'joining';
  const token = readToken(text, options);
  if (!resuming) {
    // Who answers is established before anything is written down, here or there.
    await withAdmittingGateway(token, options, async () => undefined);
    const startedAt = options.clock.now();
    await file.set({ version: 1, kind: 'joining', token: text, startedAt });
  }
  const reply = await askUntilAnswered(token, options);
  const joined = membership(token, options, readAnswer(reply, token));
  await file.set(joined);
  log.info({ federation: token.federation, via: token.cluster }, 'joined the federation');
  return joined;
}

/** Finishes a join that was under way when the gateway last stopped; undefined when there was none. Throws as `join` does. */
export async function resumeJoin(options: JoinOptions): Promise<Joined | undefined> {
  const { state } = options.file;
  return state.kind === 'joining' ? join(state.token, options) : undefined;
}

/** Throws ALREADY_MEMBER. */
export function refuseMember({ file: { state }, isOver = false }: JoinOptions): void {
  if (isOver || !isJoined(state)) return;
  throw new IsthmusError('ALREADY_MEMBER', {
    what: `This cluster is in the federation ${state.federation} already`,
  });
}

/** Before another token is tried: the earlier one may have made this cluster a member already. */
async function finishEarlier(options: JoinOptions): Promise<Joined | undefined> {
  try {
    return await resumeJoin(options);
  } catch (thrown) {
    if (options.file.state.kind === 'standalone') return undefined; // Refused for good: the way is free.
    const error = asIsthmusError(thrown);
    throw new IsthmusError(error.code, {
      what: `An earlier join with another token is not settled: ${error.message}`,
      where: error.where,
      fix: 'Bring the gateway it went to back; or give it up with `isthmus leave`, and have that cluster evict this one.',
      cause: thrown,
    });
  }
}

/** Whether it has expired is for its issuer to say, by its own clock. Throws TOKEN_INVALID, JOIN_REFUSED or JOIN_CONFLICT. */
export function readToken(text: string, { self }: JoinOptions): JoinToken {
  const token = decodeToken(text);
  if (trustDomainOf(self.cluster, token.federation) !== self.trustDomain) {
    throw new IsthmusError('JOIN_REFUSED', {
      what: `The join token is for the federation ${token.federation}, this cluster is made for the trust domain ${self.trustDomain}`,
      fix: `Set \`federation: ${token.federation}\` in this cluster's configuration.`,
    });
  }
  if (token.cluster === self.cluster) {
    throw new IsthmusError('JOIN_CONFLICT', {
      what: `The join token was made by a cluster that is called ${self.cluster} as well`,
    });
  }
  return token;
}

async function askUntilAnswered(token: JoinToken, options: JoinOptions) {
  const { authority, self, file, clock, random, log, backoff = defaultBackoff } = options;
  const request = { ...joinRequest(token, self, authority), timeMs: clock.now() };
  for (let attempt = 0; ; attempt++) {
    try {
      return await withAdmittingGateway(token, options, (client) => client.join(request));
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (error instanceof RemoteError && error.isRefusal) {
        await file.set(standalone);
        throw error;
      }
      log.warn({ err: error, attempt }, 'no answer to the request to join');
      if (attempt + 1 >= attempts) throw unsettled(token, error);
      await sleep(backoffDelay(backoff, attempt, random));
    }
  }
}

function unsettled(token: JoinToken, cause: IsthmusError): IsthmusError {
  return new IsthmusError(cause.code, {
    what: `${token.cluster} did not answer, so whether it admitted this cluster is not known: ${cause.message}`,
    where: cause.where,
    fix: 'Run the same command again, or restart the gateway: either finishes the join.',
    cause,
  });
}

function membership(
  token: JoinToken,
  { self, authority, clock }: JoinOptions,
  { members, registry, charter }: Answer,
): Joined {
  if (!members.get(self.cluster)?.roots.includes(authority.keyId)) {
    throw new IsthmusError('JOIN_REFUSED', {
      what: `${token.cluster} answered without this cluster among the members`,
      fix: 'Run the same command again; if it persists, look at the log of that gateway.',
    });
  }
  const others = [...members].filter(([cluster]) => cluster !== self.cluster);
  return {
    version: 1,
    kind: 'member',
    federation: token.federation,
    joinedAt: clock.now(),
    registry,
    pins: Object.fromEntries(others.map(([cluster, { pin }]) => [cluster, pin])),
    departed: {},
    ...(charter && { charter }),
  };
}
