/** Owns how it is written which requests a rule is for; shapes and meanings are those of the Gateway API's HTTPRouteMatch and GRPCRouteMatch. */
import { z } from 'zod';
import { fieldNameSchema } from './changeable-fields.ts';
import { refuseBadPattern } from './pattern.ts';

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
] as const;
export const methodSchema = z.enum(methods);

const valueType = z
  .enum(['Exact', 'RegularExpression'])
  .default('Exact')
  .describe('Whether the value is meant as it is, or as a pattern that all of it must match');

/** What the Gateway API asks of a path, and that it can be one in the form that requests have here. */
function whyNoPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'begin it with /';
  if (!/^[\w\-./~!$&'()*+,;=:@%]*$/.test(path) || /%(?![\da-f]{2})/i.test(path)) {
    return 'use the characters of a path, others percent-encoded';
  }
  if (/\/\/|%2f/i.test(path)) return 'use single slashes';
  return /\/\.\.?(?:\/|$)/.test(path) ? 'use no segments of dots' : undefined;
}

const pathMatch = z
  .strictObject({
    type: z
      .enum(['Exact', 'PathPrefix', 'RegularExpression'])
      .default('PathPrefix')
      .describe(
        'Exact: that path. PathPrefix: it and all below it. RegularExpression: a pattern that all of the path must match',
      ),
    value: z.string().max(1024).default('/').describe('The path, without a query, or the pattern'),
  })
  .superRefine(({ type, value }, context) => {
    if (type === 'RegularExpression') refuseBadPattern(value, context, ['value']);
    else {
      const message = whyNoPath(value);
      if (message !== undefined) context.addIssue({ code: 'custom', path: ['value'], message });
    }
  });

function namedValue(name: z.ZodString, what: string) {
  return z
    .strictObject({
      type: valueType,
      name: name.describe(`Name of the ${what}`),
      value: z.string().min(1).max(4096).describe('Its value, or the pattern'),
    })
    .superRefine(({ type, value }, context) => {
      if (type === 'RegularExpression') refuseBadPattern(value, context, ['value']);
    });
}

export const headerMatchSchema = namedValue(fieldNameSchema, 'field, in any case');

export const grpcMatch = z
  .strictObject({
    type: valueType,
    service: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Full name of the gRPC service, or the pattern; without it any'),
    method: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Name of its method, or the pattern; without it any'),
  })
  .superRefine(({ type, service, method }, context) => {
    if (service === undefined && method === undefined) {
      context.addIssue({ code: 'custom', message: 'say service, method or both' });
    }
    for (const [key, value] of Object.entries({ service, method })) {
      if (value === undefined) continue;
      const isName = key === 'service' ? /^\.?[a-z_]\w*(\.[a-z_]\w*)*$/i : /^[a-z_]\w*$/i;
      if (type === 'RegularExpression') refuseBadPattern(value, context, [key]);
      else if (!isName.test(value)) {
        context.addIssue({ code: 'custom', path: [key], message: `not the name of a ${key}` });
      }
    }
  });

/** What a match of HTTP consists of. */
const httpMatch = {
  path: pathMatch.optional().describe('The path; default any'),
  headers: z
    .array(headerMatchSchema)
    .max(16)
    .default([])
    .describe('Fields that must all be there; of several for one name the first counts'),
  queryParams: z
    .array(namedValue(z.string().min(1).max(256), 'parameter, as it is'))
    .max(16)
    .default([])
    .describe('Query parameters that must all be there; of several for one name the first counts'),
  method: methodSchema.optional().describe('The method of HTTP; default any'),
};

export const httpMatchSchema = z.strictObject(httpMatch);

/** Each match by itself is enough; within one all must hold. */
export const matchSchema = z
  .strictObject({
    ...httpMatch,
    grpc: grpcMatch
      .optional()
      .describe('The service and method of gRPC, in place of path, method and queryParams'),
  })
  .refine(
    ({ path, queryParams, method, grpc }) =>
      grpc === undefined ||
      (path === undefined && method === undefined && queryParams.length === 0),
    { path: ['grpc'], message: 'it is instead of path, method and queryParams' },
  );

export type WrittenMatch = z.output<typeof matchSchema>;
