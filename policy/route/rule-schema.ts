/** Owns how one rule of a Route is written. */
import { z } from 'zod';
import { durationTextSchema, msOf } from '../../core/duration.ts';
import { labelSchema } from '../../registry/model.ts';
import { backendFields, onePort, saysOnePort } from './backend-schema.ts';
import { filtersSchema, type WrittenFilter } from './filter-schema.ts';
import { headerMatchSchema, matchSchema, type WrittenMatch } from './match-schema.ts';
import { sessionSchema } from './session-schema.ts';

const percentage = z
  .number()
  .min(0)
  .max(100)
  .default(100)
  .describe('Percent of the requests that it befalls');

const onlyWith = headerMatchSchema
  .optional()
  .describe('It befalls requests with such a field only; default all');

const longestDelayMs = 60_000;

const fault = z
  .strictObject({
    delay: z
      .strictObject({
        duration: durationTextSchema
          .refine((text) => msOf(text) <= longestDelayMs, 'use at most 1m')
          .describe('How long requests are held before they go on, at most 1m'),
        percentage,
        header: onlyWith,
      })
      .optional()
      .describe('Requests are held'),
    abort: z
      .strictObject({
        httpStatus: z.int().min(200).max(599).optional().describe('Status of the answer'),
        grpcStatus: z
          .int()
          .min(1)
          .max(16)
          .optional()
          .describe('Status of the answer to calls of gRPC; default what httpStatus means there'),
        percentage,
        header: onlyWith,
      })
      .refine(
        ({ httpStatus, grpcStatus }) => httpStatus !== undefined || grpcStatus !== undefined,
        { path: ['httpStatus'], message: 'say httpStatus, grpcStatus or both' },
      )
      .optional()
      .describe(
        'Requests are answered in the place of the service, after a delay where both are said',
      ),
  })
  .refine(({ delay, abort }) => delay !== undefined || abort !== undefined, {
    path: ['delay'],
    message: 'say delay, abort or both',
  });

const directResponse = z.strictObject({
  status: z.int().min(200).max(599).describe('Status of the answer'),
  body: z.string().max(16_384).default('').describe('Text of the answer'),
  contentType: z
    .string()
    .max(255)
    .regex(/^[!-~]+\/[ -~]+$/, 'use a media type such as text/plain')
    .default('text/plain; charset=utf-8')
    .describe('Its media type'),
});

const backendRef = z
  .strictObject({
    ...backendFields,
    weight: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(1)
      .describe('Share of the requests, relative to the sum of all; 0: none'),
    filters: filtersSchema.describe('What happens to requests that go there, and to their answers'),
  })
  .refine(saysOnePort, onePort);

const timeouts = z
  .strictObject({
    request: durationTextSchema
      .optional()
      .describe(
        "From the end of a request to its response's head, retries included; 0s: none; default the service's",
      ),
    backendRequest: durationTextSchema
      .optional()
      .describe(
        "Of one try, to its response's head; 0s: only the request's; default the service's",
      ),
  })
  .refine(
    ({ request = '0s', backendRequest = '0s' }) =>
      msOf(request) === 0 || msOf(backendRequest) <= msOf(request),
    { path: ['backendRequest'], message: 'not longer than the request may take' },
  );

const retry = z.strictObject({
  codes: z
    .array(z.int().min(400).max(599))
    .max(16)
    .optional()
    .describe("Answers after which a request is tried again; default the service's"),
  attempts: z
    .int()
    .min(0)
    .max(9)
    .optional()
    .describe("Most retries of a request; default the service's"),
  backoff: durationTextSchema
    .optional()
    .describe(
      "Most pause before the first retry, longer before each further one; default the service's",
    ),
});

export const ruleSchema = z
  .strictObject({
    name: labelSchema.optional().describe('Name of the rule, in its Route the only one'),
    matches: z
      .array(matchSchema)
      .max(64)
      .default([])
      .describe('Requests that it is for: those of any of these; default all'),
    filters: filtersSchema.describe('What happens to the requests, and to their answers'),
    backendRefs: z
      .array(backendRef)
      .max(16)
      .default([])
      .describe(
        'Services that the requests go to; without any the service that was asked for, where it is one',
      ),
    timeouts: timeouts.optional().describe('How long requests may take'),
    retry: retry.optional().describe('When a request is tried again'),
    sessionPersistence: sessionSchema
      .optional()
      .describe('How a client comes back to the backend, and the endpoint of it, that answered it'),
    fault: fault.optional().describe('What goes wrong on purpose'),
    directResponse: directResponse
      .optional()
      .describe('The answer that the gateway gives itself, in place of backendRefs'),
    rateLimit: labelSchema
      .optional()
      .describe(
        "Name of a RateLimit of the Route's namespace by which its requests are limited, all of the rules together that name it",
      ),
  })
  .superRefine((rule, context) => {
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const answers = rule.filters.some(({ type }) => type === 'RequestRedirect');
    if (rule.backendRefs.length > 0 && (answers || rule.directResponse !== undefined)) {
      complain('backendRefs', 'the rule answers itself, so that nothing goes there');
    }
    if (answers && rule.directResponse !== undefined) {
      complain('directResponse', 'the rule redirects already');
    }
    const all = [rule.filters, ...rule.backendRefs.map(({ filters }) => filters)].flat();
    if (all.some(replacesPrefix) && !hasOnlyPrefixes(rule.matches)) {
      complain('matches', 'ReplacePrefixMatch needs a path of type PathPrefix in each of them');
    }
  });

export type WrittenRule = z.output<typeof ruleSchema>;

function replacesPrefix({ urlRewrite, requestRedirect }: WrittenFilter): boolean {
  return (urlRewrite ?? requestRedirect)?.path?.type === 'ReplacePrefixMatch';
}

/** No path at all is the prefix of all. */
function hasOnlyPrefixes(matches: readonly WrittenMatch[]): boolean {
  return matches.every(
    ({ path, grpc }) => grpc === undefined && (path?.type ?? 'PathPrefix') === 'PathPrefix',
  );
}
