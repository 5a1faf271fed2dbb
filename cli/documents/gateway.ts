/** Owns what verbs ask of a gateway for documents: what would change, and putting and deleting one by what was judged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, errorCodes } from '../../core/error-codes.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { PolicyItem, PolicyPlan } from '../../gateway/control/api/answers.ts';
import { collectionOf } from '../../policy/kind-names.ts';
import { type PolicyDocument, type PolicyName, textOf } from '../../policy/read-documents.ts';
import type { AdminClient, Conditions } from '../admin-client.ts';
import { moment } from '../words.ts';

export type Planned = PolicyPlan['items'][number];

/** What would be otherwise if all documents were written. */
export interface Plan {
  /** One for each document, in their order. */
  readonly items: readonly Planned[];
  /** Policies of the set that no document says any more. */
  readonly left: PolicyPlan['ofSet'];
}

interface Asked {
  readonly set: string | undefined;
  /** Whether what another cluster wrote alike is to be this one's word. */
  readonly takesOver?: boolean;
}

/** The gateway takes this much in one question. */
const most = { documents: 500, octets: 512 * 1024 };

/** Throws POLICY_LIMIT where there is no room for all that would be new. */
export async function planOf(
  admin: AdminClient,
  documents: readonly PolicyDocument[],
  { set, takesOver }: Asked,
): Promise<Plan> {
  const items: Planned[] = [];
  let ofSet: PolicyPlan['ofSet'] = [];
  let room = { cluster: Infinity, federation: Infinity };
  for (const part of inParts(documents)) {
    const asked = part.map(({ scope, kind, namespace, name, spec }) => ({
      ...{ scope, kind, namespace, name, spec },
    }));
    const answer = await patiently(() =>
      admin.send<PolicyPlan>('POST', '/v1/policies/plan', {
        documents: asked,
        ...(set !== undefined && { set }),
        ...(takesOver && { takeOver: true }),
      }),
    );
    items.push(...answer.items);
    ({ ofSet, room } = answer);
  }
  for (const whose of ['cluster', 'federation'] as const) {
    const created = items.filter(({ scope, change }) => scope === whose && change === 'created');
    if (created.length <= room[whose]) continue;
    const what = `${created.length} policies of the ${whose} would be new, and there is room for ${room[whose]}`;
    throw new IsthmusError('POLICY_LIMIT', { what });
  }
  const said = new Set(documents.map(textOf));
  return { items, left: ofSet.filter((one) => !said.has(textOf(one))) };
}

function* inParts(documents: readonly PolicyDocument[]): Generator<PolicyDocument[]> {
  let part: PolicyDocument[] = [];
  let octets = 0;
  for (const document of documents) {
    const own = Buffer.byteLength(JSON.stringify(document.spec)) + 300;
    if (part.length === most.documents || (part.length > 0 && octets + own > most.octets)) {
      yield part;
      part = [];
      octets = 0;
    }
    part.push(document);
    octets += own;
  }
  if (part.length > 0) yield part;
}

/** Why the gateway refuses a document, at its place in the file. */
export function refusalOf(
  { problem }: Planned,
  document: PolicyDocument,
): IsthmusError | undefined {
  if (problem === undefined) return undefined;
  const { code, detail, where = '', fix } = problem;
  const isField = code === 'BODY_INVALID' && where !== '';
  // A newer gateway may have codes that this command has not.
  const known: ErrorCode = Object.hasOwn(errorCodes, code) ? code : 'INTERNAL';
  return new IsthmusError(known, {
    what: isField ? `spec.${where}: ${detail}` : `${textOf(document)}: ${detail}`,
    where: document.place(isField ? where.split('.') : undefined),
    fix,
  });
}

export function pathOf({ scope, kind, namespace, name }: PolicyName): string {
  const root = scope === 'federation' ? '/v1/federation' : '/v1';
  return `${root}/${collectionOf(kind)}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

/** Puts what was judged, in place of just what it was judged by. Throws PRECONDITION_FAILED naming who was faster, and what `send` does. */
export function put(
  admin: AdminClient,
  document: PolicyDocument,
  { before }: Planned,
  set: string | undefined,
): Promise<PolicyItem> {
  const query = set === undefined ? '' : `?set=${encodeURIComponent(set)}`;
  const conditions: Conditions =
    before === undefined ? { 'if-none-match': '*' } : { 'if-match': before.etag };
  return judged(admin, document, () =>
    admin.send<PolicyItem>('PUT', pathOf(document) + query, document.spec, conditions),
  );
}

/** Deletes just what was judged. Throws as `put` does. */
export function remove(admin: AdminClient, named: PolicyName, etag: string): Promise<void> {
  return judged(admin, named, () =>
    admin.send<void>('DELETE', pathOf(named), undefined, { 'if-match': etag }),
  );
}

/** Changes what was judged, patiently. Throws PRECONDITION_FAILED naming who was faster, and what `change` does. */
export async function judged<T>(
  admin: AdminClient,
  named: PolicyName,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await patiently(change);
  } catch (thrown) {
    const error = asIsthmusError(thrown);
    if (error.code !== 'PRECONDITION_FAILED') throw error;
    throw new IsthmusError('PRECONDITION_FAILED', {
      what: `${textOf(named)} ${await whatHappened(admin, named)} after this command had looked at it`,
      fix: 'Look at it with `isthmus diff`, and repeat the command.',
      cause: thrown,
    });
  }
}

async function whatHappened(admin: AdminClient, named: PolicyName): Promise<string> {
  try {
    const { by, at } = await admin.get<PolicyItem>(pathOf(named));
    return `was written by ${by} at ${moment(at)},`;
  } catch (thrown) {
    const isGone = asIsthmusError(thrown).code === 'POLICY_NOT_FOUND';
    return isGone ? 'was deleted' : 'was changed';
  }
}

/** A gateway counts who asks over ten seconds: whoever waits out two such spans was refused for good. */
const patienceMs = 20_000;
const restMs = 500;

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += restMs) {
    try {
      return await ask();
    } catch (thrown) {
      const isLimited = thrown instanceof IsthmusError && thrown.code === 'RATE_LIMITED';
      if (!isLimited || waited >= patienceMs) throw thrown;
      await sleep(restMs);
    }
  }
}
