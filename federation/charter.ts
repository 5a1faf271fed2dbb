/**
 * Owns the charter of a federation: who its founder is, and which clusters may write its policies. What is believed of it changes by
 * records that the founder signed, each with a greater sequence: pure, from what is believed already.
 */
import { z } from 'zod';
import { type Bundle, encodeBundle, parseBundle } from '../certs/bundle.ts';
import { verifySignature } from '../certs/signature.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { type ErrorCode, IsthmusError } from '../core/errors.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import { clusterNameSchema, parseRecord, signatureSchema } from '../registry/model.ts';
import { canonicalJson } from '../registry/signed-bytes.ts';
import { verifyRecord } from '../registry/signing.ts';
import type { BelievedBundle } from './beliefs.ts';
import { handOverBytes } from './statements.ts';

/** Most clusters that may write policies, and most times that a federation is handed over. */
const maxGrants = 256;
const maxHandOvers = 64;

const grantSchema = z.object({
  cluster: clusterNameSchema,
  /** Who granted it, as the audit names them. */
  by: z.string().max(500),
  /** By the clock of the gateway that was asked, wall milliseconds. */
  at: z.int().min(0),
  reason: z.string().max(500).optional(),
});

/** The founder's word that another cluster is the founder from `sequence` on. */
const handOverSchema = z.object({
  from: clusterNameSchema,
  to: clusterNameSchema,
  /** SPIFFE bundle as JSON: the roots that the new founder's word is verified by. */
  bundle: z.unknown(),
  sequence: z.int().min(1),
  at: z.int().min(0),
  /** Over `handOverBytes`, by `from`. */
  signature: signatureSchema,
});

/** `grants/policy`, for good. */
export const charterRecordSchema = z.object({
  /** The founder, who signed it; in the record that hands over, the one until then. */
  cluster: clusterNameSchema,
  /** One more than that of the record before: an older one never replaces a newer. */
  sequence: z.int().min(1),
  grants: z.array(grantSchema).max(maxGrants),
  /** Every hand-over so far, the oldest first: who has missed some follows them one by one. */
  handed: z.array(handOverSchema).max(maxHandOvers).optional(),
  signature: signatureSchema.optional(),
});

/** The charter as it is kept on disk, and told to who joins. */
export const keptCharterSchema = z.object({
  founder: clusterNameSchema,
  /** SPIFFE bundle as JSON. */
  bundle: z.unknown(),
  /** The record as it was signed; absent while there has been none. */
  record: z.record(z.string(), z.unknown()).optional(),
});

export type CharterRecord = z.output<typeof charterRecordSchema>;
export type KeptCharter = z.output<typeof keptCharterSchema>;

export interface Charter {
  readonly founder: ClusterName;
  /** The roots that the founder's word is verified by: kept when its cluster leaves, so that another of its name is not the founder. */
  readonly bundle: Bundle;
  /** The newest record there is, and the same as it was signed; undefined while the founder has said nothing. */
  readonly said?: { readonly record: CharterRecord; readonly raw: object };
}

/** Whether a cluster may write policies of the whole federation. */
export function mayWritePolicies({ founder, said }: Charter, cluster: ClusterName): boolean {
  return cluster === founder || (said?.record.grants ?? []).some((one) => one.cluster === cluster);
}

/** The clusters that may write policies of the whole federation, the founder first. */
export function writersOf({ founder, said }: Charter): ClusterName[] {
  const granted = (said?.record.grants ?? []).map(({ cluster }) => cluster);
  return [founder, ...granted.filter((cluster) => cluster !== founder)];
}

/**
 * The charter after a record, given as it was stored; the same one where the record is the newest already. Throws
 * RECORD_INVALID, RECORD_FOREIGN, RECORD_UNSIGNED, RECORD_STALE or BUNDLE_INVALID.
 */
export function considerCharter(
  federation: FederationName,
  known: Charter,
  key: string,
  raw: object,
): Charter {
  if (known.said && canonicalJson(raw) === canonicalJson(known.said.raw)) return known;
  const record = parseRecord(charterRecordSchema, key, JSON.stringify(raw));
  const before = known.said?.record.sequence ?? 0;
  let { founder, bundle } = known;
  let signer = { cluster: founder, roots: bundle.roots };
  let last = 0;
  for (const hop of record.handed ?? []) {
    if (hop.sequence <= last || hop.sequence > record.sequence) {
      throw refusal('RECORD_INVALID', key, 'Its hand-overs are not in order');
    }
    last = hop.sequence;
    if (hop.sequence <= before) continue;
    const bytes = handOverBytes({ federation, ...hop });
    if (hop.from !== founder || !verifySignature(bundle.roots, bytes, hop.signature)) {
      const what = `That ${hop.to} is the founder is not signed by ${founder}, which is`;
      throw refusal('RECORD_UNSIGNED', key, what);
    }
    founder = hop.to;
    bundle = bundleOf(federation, founder, hop.bundle);
    // The record that hands over is the last word of who was the founder.
    if (hop.sequence < record.sequence) signer = { cluster: founder, roots: bundle.roots };
  }
  if (record.cluster !== signer.cluster) {
    const what = `It is by ${record.cluster}, and ${signer.cluster} is the founder`;
    throw refusal('RECORD_FOREIGN', key, what);
  }
  verifyRecord(key, raw, signer.roots);
  if (record.sequence <= before) {
    const what = `The founder signed it as number ${record.sequence}, and number ${before} is known`;
    throw refusal('RECORD_STALE', key, what);
  }
  return { founder, bundle, said: { record, raw } };
}

/** Reads what was kept. Throws RECORD_INVALID or BUNDLE_INVALID. */
export function readCharter(
  federation: FederationName,
  { founder, bundle, record: raw }: KeptCharter,
): Charter {
  const said = raw && {
    record: parseRecord(charterRecordSchema, 'charter', JSON.stringify(raw)),
    raw,
  };
  return { founder, bundle: bundleOf(federation, founder, bundle), ...(said && { said }) };
}

export function keptCharter({ founder, bundle, said }: Charter): KeptCharter {
  return {
    founder,
    bundle: encodeBundle(bundle),
    ...(said && { record: said.raw as Record<string, unknown> }),
  };
}

function bundleOf(federation: FederationName, cluster: ClusterName, json: unknown): Bundle {
  return parseBundle(json, parseTrustDomain(trustDomainOf(cluster, federation)));
}

function refusal(code: ErrorCode, where: string, what: string): IsthmusError {
  return new IsthmusError(code, { what, where });
}

/**
 * The charter where none was kept: the cluster that founded the federation, or the only one that was believed without that a member
 * had admitted it.
 */
export function founded(
  own: ClusterName | undefined,
  bundles: ReadonlyMap<ClusterName, BelievedBundle>,
  ownBundle: () => BelievedBundle['bundle'],
): Charter | undefined {
  if (own !== undefined) return { founder: own, bundle: ownBundle() };
  const [first, second] = [...bundles].filter(([, { admittedAt }]) => admittedAt === 0);
  if (first === undefined || second !== undefined) return undefined;
  const [founder, { bundle }] = first;
  return { founder, bundle };
}

/** The error of a cluster that does not know whose word counts for the federation. */
export function founderUnknown(federation: FederationName, where: string): IsthmusError {
  return new IsthmusError('FOUNDER_UNKNOWN', {
    what: `It is not known here who founded ${federation}: this cluster joined before members were told`,
    where,
  });
}
