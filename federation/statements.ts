/** Owns what clusters sign besides records: that one admits another, that a joiner holds the key it shows, and that the founder is another from now on. */
import { canonicalJson } from '../registry/signed-bytes.ts';

/** A member's word that a root belongs to a cluster it admitted. */
interface AdmissionStatement {
  readonly federation: string;
  readonly cluster: string;
  /** Fingerprint of the admitted root. */
  readonly fingerprint: string;
  readonly by: string;
  /** By the admitting cluster's clock, in milliseconds. */
  readonly at: number;
}

/** A joiner's proof that it holds the key of the root it shows, good for one token at one admitting cluster only. */
interface PossessionStatement {
  readonly federation: string;
  readonly cluster: string;
  readonly token: string;
  /** Fingerprint of the admitting cluster's root, as the token names it. */
  readonly admitting: string;
}

export function admissionBytes(statement: AdmissionStatement): Uint8Array {
  const { federation, cluster, fingerprint, by, at } = statement;
  return bytesOf('isthmus admission v1', { federation, cluster, fingerprint, by, at });
}

/** That the admitted cluster takes the place of whoever was believed by its name before. */
export function replacementBytes(statement: AdmissionStatement): Uint8Array {
  const { federation, cluster, fingerprint, by, at } = statement;
  return bytesOf('isthmus replacement v1', { federation, cluster, fingerprint, by, at });
}

export function possessionBytes(statement: PossessionStatement): Uint8Array {
  const { federation, cluster, token, admitting } = statement;
  return bytesOf('isthmus join v1', { federation, cluster, token, admitting });
}

/** The founder's word that another cluster is the founder from now on. */
interface HandOverStatement {
  readonly federation: string;
  readonly from: string;
  readonly to: string;
  /** SPIFFE bundle of the new founder, as JSON. */
  readonly bundle: unknown;
  /** Of the record that hands over. */
  readonly sequence: number;
  /** By the clock of the founder, in milliseconds. */
  readonly at: number;
}

export function handOverBytes(statement: HandOverStatement): Uint8Array {
  const { federation, from, to, bundle, sequence, at } = statement;
  return bytesOf('isthmus founder v1', { federation, from, to, bundle, sequence, at });
}

/** A gateway's proof, to another of its cluster, that it has their authority's key. */
interface FollowStatement {
  readonly federation: string;
  readonly cluster: string;
  /** Ids of who asks, and of who is asked. */
  readonly gateway: string;
  readonly asked: string;
  readonly timeMs: number;
}

export function followBytes(statement: FollowStatement): Uint8Array {
  const { federation, cluster, gateway, asked, timeMs } = statement;
  return bytesOf('isthmus authority v1', { federation, cluster, gateway, asked, timeMs });
}

/** The purpose goes first: no signature made for one can serve another, nor a record, whose key begins with a slash. */
function bytesOf(purpose: string, statement: object): Uint8Array {
  return new TextEncoder().encode(`${purpose}\n${canonicalJson(statement)}`);
}
