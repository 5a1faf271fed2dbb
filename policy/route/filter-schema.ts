/** Owns how it is written what happens to requests and answers of a rule; shapes and meanings are those of the Gateway API's HTTPRouteFilter. */
import { z } from 'zod';
import { backendSchema, hostnameSchema } from './backend-schema.ts';
import { fieldChangesSchema, fieldNameSchema } from './changeable-fields.ts';
import { methodSchema } from './match-schema.ts';

const newPath = z
  .string()
  .max(1024)
  .regex(/^(?:[\w\-./~!$&'()*+,;=:@]|%[\da-f]{2})*$/i, 'use the characters of a path')
  .refine((path) => !/(^|\/)\.\.?(\/|$)/.test(path), 'use no segments of dots');

const pathModifier = z
  .strictObject({
    type: z
      .enum(['ReplaceFullPath', 'ReplacePrefixMatch'])
      .describe(
        'What is replaced: the path, or of it what the PathPrefix of the match has matched',
      ),
    replaceFullPath: newPath.optional().describe('The new path'),
    replacePrefixMatch: newPath.optional().describe('The new beginning of the path'),
  })
  .refine(
    ({ type, replaceFullPath, replacePrefixMatch }) =>
      type === 'ReplaceFullPath'
        ? replaceFullPath !== undefined && replacePrefixMatch === undefined
        : replacePrefixMatch !== undefined && replaceFullPath === undefined,
    'say the one field that its type names',
  )
  .refine(({ replaceFullPath = '/' }) => replaceFullPath.startsWith('/'), {
    path: ['replaceFullPath'],
    message: 'begin it with /',
  });

const exactHostname = hostnameSchema.refine(
  (name) => !name.startsWith('*'),
  'use a name without *',
);

export const redirectSchema = z.strictObject({
  scheme: z
    .enum(['http', 'https'])
    .optional()
    .describe("Scheme of the new address; default the request's"),
  hostname: exactHostname.optional().describe("Its host; default the request's"),
  path: pathModifier
    .optional()
    .describe("How its path is made of the request's; default it is the same"),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("Its port; default that of the scheme, where one is said, else the request's"),
  statusCode: z
    .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)])
    .default(302)
    .describe('The status: 301, 302, 303, 307 or 308'),
});

export const rewriteSchema = z.strictObject({
  hostname: exactHostname.optional().describe('Host that the service is sent; default as it came'),
  path: pathModifier.optional().describe('Path that it is sent; default as it came'),
});

/** How many requests a mirror is for. */
export const mirrorShare = {
  percent: z.int().min(0).max(100).optional().describe('Percent of requests; default all'),
  fraction: z
    .strictObject({
      numerator: z.int().min(0).describe('So many requests'),
      denominator: z.int().min(1).default(100).describe('Of so many'),
    })
    .refine(({ numerator, denominator }) => numerator <= denominator, {
      path: ['numerator'],
      message: 'not more than the denominator',
    })
    .optional()
    .describe('The same as a fraction, where a percent is too coarse'),
};

const mirrorSchema = z
  .strictObject({
    backendRef: backendSchema.describe('Where a copy goes; its answer is dropped'),
    ...mirrorShare,
  })
  .refine(({ percent, fraction }) => percent === undefined || fraction === undefined, {
    path: ['fraction'],
    message: 'say percent or fraction',
  });

const origin = z
  .string()
  .max(253)
  .regex(
    /^(\*|https?:\/\/(\*|(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[1-9]\d{0,4})?)$/i,
    'use *, or a scheme and a host such as https://*.example.com',
  );

function allOrSome<S extends z.ZodType<string>>(of: S, most: number) {
  return z
    .array(of)
    .max(most)
    .refine((some) => !some.includes('*' as never) || some.length === 1, '* is all by itself')
    .default([]);
}

export const corsSchema = z.strictObject({
  allowOrigins: allOrSome(origin, 64).describe(
    'Origins that may ask; * in a host stands for whatever is to its left',
  ),
  allowCredentials: z.boolean().default(false).describe('Whether they may send credentials'),
  allowMethods: allOrSome(z.union([methodSchema, z.literal('*')]), 9).describe(
    'Methods that they may use beside GET, HEAD and POST',
  ),
  allowHeaders: allOrSome(fieldNameSchema, 64).describe('Fields that they may send'),
  exposeHeaders: z
    .array(fieldNameSchema)
    .max(64)
    .default([])
    .describe('Fields of answers that they may read'),
  maxAge: z
    .int()
    .min(1)
    .max(86_400)
    .default(5)
    .describe('Seconds for which a browser may keep what it was told before a request'),
});

/** The field of each type of filter. */
const fields = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
} as const;

type FilterType = keyof typeof fields;
export const filterTypes = Object.keys(fields) as [FilterType, ...FilterType[]];

const filterSchema = z
  .strictObject({
    type: z.enum(filterTypes).describe('What it does; the field of that name says how'),
    requestHeaderModifier: fieldChangesSchema
      .optional()
      .describe("Changes of the request's fields"),
    responseHeaderModifier: fieldChangesSchema
      .optional()
      .describe("Changes of the answer's fields"),
    requestMirror: mirrorSchema.optional().describe('A copy of the request, to be sent elsewhere'),
    requestRedirect: redirectSchema
      .optional()
      .describe('The answer that sends the client elsewhere'),
    urlRewrite: rewriteSchema.optional().describe('Changes of host and path'),
    cors: corsSchema.optional().describe('What scripts of other origins may do'),
  })
  .superRefine((filter, context) => {
    for (const [type, field] of Object.entries(fields)) {
      if ((filter[field] !== undefined) === (filter.type === type)) continue;
      const message =
        filter.type === type ? `${type} wants it` : `it is for a filter of type ${type}`;
      context.addIssue({ code: 'custom', path: [field], message });
    }
  });

export type WrittenFilter = z.output<typeof filterSchema>;

/** All but mirrors are there once at most. */
export const filtersSchema = z
  .array(filterSchema)
  .max(16)
  .superRefine((filters, context) => {
    const seen = new Set<string>();
    for (const [i, { type }] of filters.entries()) {
      const complain = (message: string) =>
        context.addIssue({ code: 'custom', path: [i, 'type'], message });
      if (type !== 'RequestMirror' && seen.has(type)) complain(`there is a ${type} already`);
      seen.add(type);
      if (seen.has('URLRewrite') && seen.has('RequestRedirect')) {
        complain('a request is rewritten or redirected, not both');
      }
    }
  })
  .default([]);
