/** Owns the operations on drills: predict, start, watch, abort, report. */
import { z } from 'zod';
import type { Clock } from '../../../../core/clock.ts';
import { drillSchema, momentSchema, reportSchema } from '../../../../federation/drills/model.ts';
import { predictionSchema } from '../../../../federation/drills/prediction.ts';
import { reportHtml, reportPolicy } from '../../../../federation/drills/report-html.ts';
import { reportMarkdown } from '../../../../federation/drills/report-markdown.ts';
import { drillSpecSchema } from '../../../../federation/drills/spec.ts';
import { scopeText } from '../../../../federation/drills/words.ts';
import { clusterNameSchema, labelSchema } from '../../../../registry/model.ts';
import type { Drills } from '../../drills/drills.ts';
import { latelySchema } from '../../drills/lately.ts';
import { listing } from '../list.ts';
import { EventStream } from '../live/event-stream.ts';
import { type Operation, operation } from '../operation.ts';
import { streamTimeline } from '../timeline-stream.ts';

const tag = 'Drills';
const drillParams = z.strictObject({ id: z.string() });
const proofSchema = z.strictObject({
  id: labelSchema,
  /** Who signed it: the cluster that drove the drill. */
  cluster: clusterNameSchema,
  /** SHA-256 of the root certificate it signed with, base64url. */
  root: z.string(),
});
const flag = z.enum(['true', 'false']).default('false');

export function drillOperations(drills: Drills, clock: Clock): Operation[] {
  return [...runs(drills), ...watching(drills, clock), ...reports(drills)];
}

function runs(drills: Drills): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/v1/drills/predict',
      id: 'predictDrill',
      tag,
      summary:
        'What a drill would do to the load of each cluster, and which guardrails it would break',
      role: 'viewer',
      body: drillSpecSchema,
      onlyAsks: true,
      answer: predictionSchema,
      handle: ({ body }) => drills.predict(body),
    }),
    operation({
      method: 'GET',
      path: '/v1/measures',
      id: 'getMeasures',
      tag,
      summary:
        'What this gateway counted of its own clients in the last half minute, as predictions of all gateways ask',
      role: 'viewer',
      answer: latelySchema,
      handle: () => drills.lately(),
    }),
    operation({
      method: 'POST',
      path: '/v1/drills',
      id: 'startDrill',
      tag,
      summary: 'Starts a drill, driven by this gateway',
      role: 'operator',
      query: z.strictObject({
        /** Also one that is predicted to break a guardrail. */
        force: flag,
      }),
      body: drillSpecSchema,
      answer: drillSchema,
      status: 201,
      object: ({ body }, drill) =>
        `${drill ? `drill ${drill.id}: ` : ''}${body.kind} ${scopeText(body.scope)}`,
      state: (_call, drill) => drill && { id: drill.id, spec: drill.spec },
      async handle({ body, query, reply }) {
        const drill = await drills.start(body, { force: query.force === 'true' });
        reply.header('location', `/v1/drills/${drill.id}`);
        return drill;
      },
    }),
    listing({
      path: '/v1/drills',
      id: 'listDrills',
      tag,
      summary: 'Drills of all clusters, without their timelines and reports',
      role: 'viewer',
      item: drillSchema.omit({ timeline: true, report: true, signature: true }),
      key: ({ id }) => id,
      items: () => drills.list(),
    }),
    operation({
      method: 'GET',
      path: '/v1/drills/{id}',
      id: 'getDrill',
      tag,
      summary: 'One drill, with its timeline and, once it is over, its report',
      role: 'viewer',
      params: drillParams,
      answer: drillSchema,
      handle: ({ params }) => drills.get(params.id),
    }),
    operation({
      method: 'POST',
      path: '/v1/drills/{id}/abort',
      id: 'abortDrill',
      tag,
      summary: 'Ends a drill at once, everywhere, whoever drives it',
      role: 'operator',
      params: drillParams,
      answer: drillSchema,
      current: ({ params }) => drills.get(params.id),
      state: ({ params }) => ({ state: drills.get(params.id).state }),
      object: ({ params }, drill) =>
        `drill ${params.id}${drill ? `: ${drill.spec.kind} ${scopeText(drill.spec.scope)}` : ''}`,
      handle: ({ params, caller }) => drills.abort(params.id, caller.name),
    }),
  ];
}

function watching(drills: Drills, clock: Clock): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/drills/{id}/timeline',
      id: 'watchDrill',
      tag,
      summary:
        'Server-sent events: an `entry` for each line of the timeline, `state` with each change of it, and `end`',
      role: 'viewer',
      params: drillParams,
      media: 'text/event-stream',
      handle({ params, reply }) {
        // Before the head is sent, so that a drill there is not is said so.
        drills.get(params.id);
        streamTimeline(
          drills,
          params.id,
          (onEnd) => new EventStream({ response: reply.hijack().raw, clock, onEnd }),
        );
        return reply;
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/drills/{id}/moments',
      id: 'getDrillMoments',
      tag,
      summary:
        'Who answered how much, and what failed, moment by moment: while a drill goes on its last two minutes, then as reported',
      role: 'viewer',
      params: drillParams,
      answer: z.strictObject({ items: z.array(momentSchema) }),
      handle: ({ params }) => ({ items: [...drills.moments(params.id)] }),
    }),
  ];
}

function reports(drills: Drills): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/v1/drill-reports/verify',
      id: 'verifyDrillReport',
      tag,
      summary:
        'Whether a report, as it was once written down, is word for word what its cluster signed',
      role: 'viewer',
      body: reportSchema,
      onlyAsks: true,
      answer: proofSchema,
      // Not the parsed body: what a newer version added is signed as well.
      handle: ({ request }) => drills.verifyReport(request.body),
    }),
    operation({
      method: 'GET',
      path: '/v1/drills/{id}/report',
      id: 'getDrillReport',
      tag,
      summary:
        'The report on a drill that is over: JSON, Markdown or a page, by `format` or `Accept`',
      role: 'viewer',
      params: drillParams,
      query: z.strictObject({ format: z.enum(['json', 'md', 'html']).optional() }),
      answer: reportSchema,
      media: 'application/json',
      handle({ params, query, request, reply }) {
        const report = drills.report(params.id);
        const format = query.format ?? acceptedFormat(request.headers.accept);
        reply.header('cache-control', 'no-cache').header('vary', 'accept');
        const name = `drill-${report.id}.${format}`;
        reply.header('content-disposition', `inline; filename="${name}"`);
        if (format === 'html') {
          return reply
            .header('content-security-policy', reportPolicy)
            .type('text/html; charset=utf-8')
            .send(reportHtml(report));
        }
        if (format === 'md') {
          return reply.type('text/markdown; charset=utf-8').send(reportMarkdown(report));
        }
        return reply.type('application/json; charset=utf-8').send(JSON.stringify(report));
      },
    }),
  ];
}

/** The first of the formats that `accept` names; JSON for one that names none. */
function acceptedFormat(accept: string | undefined): 'json' | 'md' | 'html' {
  for (const part of (accept ?? '').split(',')) {
    const type = part.split(';')[0]?.trim();
    if (type === 'text/html') return 'html';
    if (type === 'text/markdown') return 'md';
    if (type === 'application/json') return 'json';
  }
  return 'json';
}
