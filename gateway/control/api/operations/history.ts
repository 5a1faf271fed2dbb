/** Owns the operations on what this gateway's cluster believed: at a moment, between two, and what it decided by that. */
import { z } from 'zod';
import { IsthmusError } from '../../../../core/errors.ts';
import { type ClusterName, isLabel, parseServiceName } from '../../../../core/names.ts';
import type { GatewayConfig } from '../../config/config.ts';
import { changesBetween, type History } from '../../history/history.ts';
import type { Moment, Past } from '../../history/past.ts';
import { type ReplayedParts, replay } from '../../history/replay.ts';
import { excludedClusters, scaledClusters } from '../bodies.ts';
import { type Operation, operation } from '../operation.ts';
import { explanationSchema } from '../schema/explanation.ts';
import { pastChangesSchema, pastSchema } from '../schema/history.ts';

const tag = 'Journal';

/** A moment, or a whole number: a revision. */
const momentSchema = z
  .union([z.string().regex(/^\d{1,15}$/), z.iso.datetime({ offset: true })])
  .transform(
    (text): Moment => (/^\d+$/.test(text) ? { revision: Number(text) } : { at: Date.parse(text) }),
  );
const when = 'a moment, `2026-11-29T20:00:00Z`, or a revision of the registry';
const about = z
  .string()
  .min(1)
  .max(512)
  .optional()
  .describe('Only facts whose name begins with this: `service/`');

interface HistoryParts extends ReplayedParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'gateway'>;
  readonly clock: { now(): number };
}

export function historyOperations(
  gateway: HistoryParts,
  history: Pick<History, 'at'>,
): Operation[] {
  const { config, clock } = gateway;
  const now = (): Moment => ({ at: clock.now() });
  return [
    operation({
      method: 'GET',
      path: '/v1/history',
      id: 'getPast',
      tag,
      summary: 'What this gateway believed of clusters, services and policies at a moment',
      role: 'viewer',
      query: z.strictObject({
        at: momentSchema.optional().describe(`When: ${when}; default now`),
        about,
      }),
      answer: pastSchema,
      async handle({ query }) {
        const past = await history.at(query.at ?? now());
        const facts = [...factsAbout(past, query.about)].sort(([a], [b]) => (a < b ? -1 : 1));
        return {
          ...{ cluster: config.cluster, gateway: config.gateway, ...written(past) },
          facts: facts.map(([name, fact]) => ({ name, fact: fact as Record<string, unknown> })),
        };
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/history/changes',
      id: 'getPastChanges',
      tag,
      summary: 'What of that was otherwise at another moment',
      role: 'viewer',
      query: z.strictObject({
        from: momentSchema.describe(`Before: ${when}`),
        to: momentSchema.optional().describe(`After, likewise; default now`),
        about,
      }),
      answer: pastChangesSchema,
      async handle({ query }) {
        const [from, to] = [await history.at(query.from), await history.at(query.to ?? now())];
        const items = changesBetween(factsAbout(from, query.about), factsAbout(to, query.about));
        return { from: written(from), to: written(to), items };
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/history/explain/{service}',
      id: 'explainPast',
      tag,
      summary: 'The balancing decision for a service by what was believed at a moment',
      role: 'viewer',
      params: z.strictObject({ service: z.string().describe('Its name') }),
      query: z.strictObject({
        at: momentSchema.describe(`When: ${when}`),
        from: z
          .string()
          .max(127)
          .optional()
          .describe("This cluster, or a zone of it as CLUSTER/ZONE; default this gateway's"),
        without: z
          .string()
          .max(1024)
          .optional()
          .describe('Comma-separated clusters to imagine lost'),
        scale: z
          .string()
          .max(1024)
          .optional()
          .describe('Comma-separated clusters to imagine with a part of their healthy copies'),
      }),
      answer: explanationSchema,
      async handle({ params, query: { at, from, without, scale } }) {
        const { policies, writtenPolicies } = gateway;
        const parts = { policies, writtenPolicies, caller: callerHere(gateway, from) };
        const imagined = { without: excludedClusters(without), scale: scaledClusters(scale) };
        return replay(parts, parseServiceName(params.service), await history.at(at), imagined);
      },
    }),
  ];
}

function factsAbout({ facts }: Past, about: string | undefined): Past['facts'] {
  if (about === undefined) return facts;
  return new Map([...facts].filter(([name]) => name.startsWith(about)));
}

function written({ at, revision, restartedAt }: Past) {
  return { at, revision, ...(restartedAt !== undefined && { restartedAt }) };
}

/** What other clusters believed is for their own gateways to say. Throws NAME_INVALID or QUERY_INVALID. */
function callerHere({ caller, config }: HistoryParts, from: string | undefined) {
  const [cluster = config.cluster, zone = caller.zone] = from?.split('/') ?? [];
  if (cluster !== (config.cluster as ClusterName)) {
    throw new IsthmusError('QUERY_INVALID', {
      what: `What ${cluster.slice(0, 80)} believed is not written down here`,
      where: 'from',
      fix: 'Ask a gateway of that cluster.',
    });
  }
  if (!isLabel(zone)) {
    throw new IsthmusError('NAME_INVALID', {
      what: `${JSON.stringify(zone.slice(0, 80))} is not a zone`,
    });
  }
  return { ...caller, zone };
}
