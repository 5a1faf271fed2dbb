/** Owns the membership file: what this cluster must remember of its federation to start with the registry and every other cluster down. */
import { join } from 'node:path';
import { z } from 'zod';
import { IsthmusError } from '../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../core/files.ts';
import { addressSchema, clusterNameSchema, federationNameSchema } from '../registry/model.ts';
import { keptCharterSchema } from './charter.ts';

/** `host:port`, or `https://host:port` where the registry's own clients write it so. */
const endpointSchema = z
  .string()
  .refine(
    (text) => addressSchema.safeParse(text.replace(/^https?:\/\//, '')).success,
    'use host:port or https://host:port',
  );

/** How gateways reach the registry. */
export const registryAccessSchema = z.object({
  /** `embedded`: a gateway hosts it. `etcd`: it stands on its own. */
  kind: z.enum(['embedded', 'etcd']),
  endpoints: z.array(endpointSchema).min(1).max(64),
  /** Trust domain of the cluster whose gateway hosts an embedded registry. */
  hostTrustDomain: z.string().min(1).max(255).optional(),
});

/** The bundle a cluster is believed to have, and since which admission. */
const pinSchema = z.object({
  /** SPIFFE bundle as JSON. */
  bundle: z.unknown(),
  /** When it was admitted, by the admitting cluster's clock in milliseconds; 0 for one that was there before us. */
  admittedAt: z.int().min(0),
});

const joinedFields = {
  version: z.literal(1),
  federation: federationNameSchema,
  joinedAt: z.int().min(0),
  registry: registryAccessSchema,
  pins: z.record(clusterNameSchema, pinSchema),
  /** Clusters that left, with their last `admittedAt`: an admission not newer than it brings none of them back. */
  departed: z.record(clusterNameSchema, z.int().min(0)),
  /** Who the founder is, and what it granted; absent in a file from before there were grants. */
  charter: keptCharterSchema.optional(),
};

const membershipStateSchema = z.discriminatedUnion('kind', [
  z.object({ version: z.literal(1), kind: z.literal('standalone') }),
  /** The journal of a join under way: it may or may not have happened on the other side. */
  z.object({
    version: z.literal(1),
    kind: z.literal('joining'),
    /** The whole join token, secret included: the file is for the owner's eyes only. */
    token: z.string().min(1),
    startedAt: z.int().min(0),
  }),
  z.object({ kind: z.literal('founder'), ...joinedFields }),
  z.object({ kind: z.literal('member'), ...joinedFields }),
]);

export type RegistryAccess = z.output<typeof registryAccessSchema>;
export type Pin = z.output<typeof pinSchema>;
export type MembershipState = z.output<typeof membershipStateSchema>;
/** A cluster that is in a federation, whether it founded it or joined it. */
export type Joined = Extract<MembershipState, { kind: 'founder' | 'member' }>;

export const standalone: MembershipState = { version: 1, kind: 'standalone' };

export function isJoined(membership: MembershipState): membership is Joined {
  return membership.kind === 'founder' || membership.kind === 'member';
}

/** The membership file, read once and replaced atomically; changes are applied one after the other. */
export class MembershipFile {
  readonly path: string;
  #state: MembershipState;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, state: MembershipState) {
    this.path = path;
    this.#state = state;
  }

  /**
   * Opens `<data>/federation.json`; none means standalone. Throws FILE_UNREADABLE for one that can't be read or
   * understood: guessing could drop a membership, or trust what nobody vouched for.
   */
  static async open(dataDir: string): Promise<MembershipFile> {
    const path = join(dataDir, 'federation.json');
    const text = await readFileIfAny(path);
    return new MembershipFile(
      path,
      text === undefined ? standalone : parseMembershipState(path, text),
    );
  }

  /** The state on disk. */
  get state(): MembershipState {
    return this.#state;
  }

  /** The federation this cluster is in. Throws NOT_A_MEMBER. */
  joined(): Joined {
    if (isJoined(this.#state)) return this.#state;
    throw new IsthmusError('NOT_A_MEMBER', { what: 'This cluster is in no federation' });
  }

  set(next: MembershipState): Promise<void> {
    return this.update(() => next);
  }

  /** Replaces the state by what `change` makes of the newest one; done once it is on disk. Throws FILE_UNWRITABLE. */
  update(change: (state: MembershipState) => MembershipState): Promise<void> {
    const done = this.#tail.then(async () => {
      const next = change(this.#state);
      if (next === this.#state) return;
      await writeFileAtomic(this.path, `${JSON.stringify(next, null, 2)}\n`);
      this.#state = next;
    });
    this.#tail = done.catch(() => undefined); // The caller has the failure; the next change starts anew.
    return done;
  }
}

/** Throws FILE_UNREADABLE. */
export function parseMembershipState(path: string, text: string): MembershipState {
  const fix = 'Restore the file from a copy; or, to start over as a cluster of its own, remove it.';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a token.
    const what = 'The membership file is not JSON';
    throw new IsthmusError('FILE_UNREADABLE', { what, where: path, fix });
  }
  const result = membershipStateSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new IsthmusError('FILE_UNREADABLE', {
    what: `The membership file is not understood: ${issue?.path.join('.') || 'it'}: ${issue?.message}`,
    where: path,
    fix,
  });
}
