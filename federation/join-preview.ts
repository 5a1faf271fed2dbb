/** Owns the look before a join: all that would refuse it, or is doubtful, and the plan. Nothing changes on either side, and the token stays good. */

import type { X509Certificate } from 'node:crypto';
import { parseBundle } from '../certs/bundle.ts';
import { parseTrustDomain, type TrustDomain } from '../certs/spiffe-id.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import { version } from '../core/version.ts';
import { type Answer, readAnswer } from './answer.ts';
import { withAdmittingGateway } from './contact.ts';
import { type JoinOptions, readToken, refuseMember } from './join.ts';
import { type JoinPlan, planOf } from './join-plan.ts';
import type { RegistryAccess } from './member.ts';
import { joinRequest } from './own-records.ts';
import type { Line } from './preflight.ts';
import { clockLine, readLines, versionLine } from './preflight-judgement.ts';
import { reach, reachLines } from './reachability.ts';
import type { JoinToken } from './token.ts';

/** The outcome that joining would have. */
interface JoinPreview extends JoinPlan {
  readonly federation: FederationName;
  /** The cluster that admits. */
  readonly via: ClusterName;
  /** Fingerprint of its root, as the token names it. */
  readonly fingerprint: string;
  readonly clusters: readonly {
    readonly cluster: ClusterName;
    readonly region: string;
    /** Fingerprint of its root; of the first, while it has several. */
    readonly fingerprint: string;
  }[];
  /** All that was looked at. */
  readonly lines: readonly Line[];
  readonly registry: RegistryAccess;
}

interface PreviewOptions extends JoinOptions {
  /** Tries how the registry that the federation has is reached from here, given the roots of the cluster that hosts it; default not. */
  tryRegistry?(
    access: RegistryAccess,
    rootsOf: (domain: TrustDomain) => readonly X509Certificate[],
  ): Promise<readonly Line[]>;
}

/**
 * Asks what `join` would do; changes nothing on either side. Throws TOKEN_INVALID, TOKEN_PIN_MISMATCH, CLOCK_SKEW, JOIN_REFUSED,
 * ALREADY_MEMBER or PEER_UNREACHABLE where there is no more to be seen; what else would refuse the join is in the lines.
 */
export async function previewJoin(text: string, options: PreviewOptions): Promise<JoinPreview> {
  const { authority, self, clock } = options;
  refuseMember(options);
  const token = readToken(text, options);
  const { reply, sent, came } = await withAdmittingGateway(token, options, async (client) => {
    const sent = clock.now();
    const request = { ...joinRequest(token, self, authority), timeMs: sent, wantsLines: true };
    const reply = await client.preview(request);
    return { reply, sent, came: clock.now() };
  });
  const answer = readAnswer(reply, token);
  const { heardMs: heard = 0, answeredMs: answered = 0, gateway = '' } = reply;
  const other = gateway === '' ? token.cluster : `${token.cluster}/${gateway}`;
  const [reached, registry = []] = await Promise.all([
    reachMembers(token, answer, options),
    options.tryRegistry?.(answer.registry, (domain) => rootsOf(answer, token, domain)),
  ]);
  const lines = [
    ...readLines(reply.lines),
    ...(heard > 0 ? [clockLine({ sent, heard, answered, came }, other)] : []),
    versionLine(version, reply.version, other),
    ...reached,
    ...registry,
  ];
  return {
    ...planOf(self.cluster, token, answer),
    federation: token.federation,
    via: token.cluster,
    fingerprint: token.fingerprint,
    clusters: [...answer.members.values()].map(({ record: { cluster, region }, roots }) => {
      return { cluster, region, fingerprint: roots[0] ?? '' };
    }),
    lines,
    registry: answer.registry,
  };
}

/** Every address that every member advertises, and those of the token. */
async function reachMembers(
  token: JoinToken,
  { members }: Answer,
  { self, clock }: JoinOptions,
): Promise<Line[]> {
  const others = [...members.values()].filter(({ record }) => record.cluster !== self.cluster);
  const lines = others.map(async ({ record, pin }) => {
    const { cluster, eastWest, federation, trustDomain } = record;
    const bundle = parseBundle(pin.bundle, parseTrustDomain(trustDomain));
    const ofToken = cluster === token.cluster ? token.addresses : [];
    return reachLines(
      cluster,
      await reach([...eastWest, ...federation, ...ofToken], bundle, clock),
    );
  });
  return (await Promise.all(lines)).flat();
}

function rootsOf(
  { members }: Answer,
  { federation }: JoinToken,
  domain: TrustDomain,
): readonly X509Certificate[] {
  const host = [...members].find(([cluster]) => trustDomainOf(cluster, federation) === domain);
  return host ? parseBundle(host[1].pin.bundle, domain).roots : [];
}
