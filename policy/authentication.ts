/** Owns the policy of whose tokens are taken, with the meaning of Istio's RequestAuthentication. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { durationTextSchema, msOf } from '../core/duration.ts';
import { labelSchema } from '../registry/model.ts';
import {
  largestKeySet,
  type PublicKey,
  publicKeys,
  whyNoKeySet,
} from './authentication/json-web-keys.ts';
import { isOfGateways } from './authorization/condition-key.ts';
import { operationSchema } from './authorization.ts';
import { caCertificatesSchema, systemAuthorities } from './endpoint-tls.ts';

const token = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/i, 'use the characters of a token');

/** Fields of framing and of one connection, which no claim can be. */
const ofTheHop = new Set(
  'connection content-length expect keep-alive proxy-connection te trailer transfer-encoding upgrade via'.split(
    ' ',
  ),
);

const fieldName = token.refine(
  (name) => !isOfGateways(name.toLowerCase()) && !ofTheHop.has(name.toLowerCase()),
  'gateways say this field themselves',
);

const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const keysUri = z
  .url()
  .max(2048)
  .refine((text) => {
    const { protocol, hostname, username } = new URL(text);
    if (username !== '') return false;
    return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
  }, 'use https without user information; http only for this machine, as 127.0.0.1');

function names(description: string) {
  return z.array(token).min(1).max(16).optional().describe(description);
}

const jwtRuleSchema = z
  .strictObject({
    issuer: z.string().min(1).max(2048).describe('Issuer, as `iss` of its tokens says'),
    audiences: z
      .array(z.string().min(1).max(2048))
      .min(1)
      .max(64)
      .optional()
      .describe('Audiences of which a token has to be for one; without it for any'),
    jwks: z
      .string()
      .max(largestKeySet)
      .superRefine((text, context) => {
        const why = whyNoKeySet(text);
        if (why !== undefined) context.addIssue({ code: 'custom', message: why });
      })
      .optional()
      .describe("The issuer's public keys, as the JSON of a JSON Web Key Set"),
    jwksFile: z
      .string()
      .max(4096)
      .regex(/^\//, 'use an absolute path')
      .optional()
      .describe('File on each gateway with such a set, read again when it changes'),
    jwksUri: keysUri.optional().describe('Where each gateway fetches such a set'),
    jwksCaCertificates: caCertificatesSchema.describe(
      'Authorities of which one must have signed the certificate of the server at jwksUri: `system`, the public ones; certificates in PEM; or the absolute path of a PEM file on each gateway, read each time that keys are fetched',
    ),
    refresh: durationTextSchema
      .default('5m')
      .describe(
        'How often keys are fetched anew; a `max-age` of the answer holds instead, between 1m and 1h',
      ),
    staleFor: durationTextSchema
      .default('24h')
      .describe('How long keys that were fetched are used while none can be had'),
    tolerance: durationTextSchema
      .default('1m')
      .describe("How far the issuer's clock and this one may be apart"),
    fromHeaders: z
      .array(
        z.strictObject({
          name: fieldName.describe('Name of the field'),
          prefix: z
            .string()
            .max(64)
            .default('')
            .describe('What stands before the token, its space included: `Bearer `'),
        }),
      )
      .min(1)
      .max(16)
      .optional()
      .describe('Fields that hold the token; without any place `Authorization` after `Bearer `'),
    fromParams: names('Parameters of the query that hold the token'),
    fromCookies: names('Cookies that hold the token'),
    forwardOriginalToken: z
      .boolean()
      .default(false)
      .describe('Whether the service gets the token; else it is taken out where it was found'),
    outputClaimToHeaders: z
      .array(
        z.strictObject({
          header: fieldName.describe(
            "Field that the service gets; a client's own goes in any case",
          ),
          claim: z
            .string()
            .min(1)
            .max(512)
            .describe('Claim, with dots into objects: a text, number, boolean or a list of them'),
        }),
      )
      .max(32)
      .default([])
      .describe('Claims that are told to the service in fields'),
  })
  .superRefine(({ jwks, jwksFile, jwksUri, jwksCaCertificates: ca }, context) => {
    if (ca !== systemAuthorities && !jwksUri?.startsWith('https:')) {
      const message = 'it is for a jwksUri of https';
      context.addIssue({ code: 'custom', path: ['jwksCaCertificates'], message });
    }
    const said = [jwks, jwksFile, jwksUri].filter((one) => one !== undefined);
    if (said.length === 1) return;
    const message = 'say where the keys are by one of jwks, jwksFile and jwksUri';
    context.addIssue({ code: 'custom', path: ['jwksUri'], message });
  });

export const authenticationSchema = z.strictObject({
  target: z
    .strictObject({
      service: labelSchema
        .optional()
        .describe("A service of the policy's namespace; without one it is for all of them"),
    })
    .prefault({})
    .describe('The services that it is for'),
  jwtRules: z
    .array(jwtRuleSchema)
    .min(1)
    .max(16)
    .describe(
      'Whose tokens are taken. A request with a token that none of these takes is refused; one without any goes on, unless it is required',
    ),
  required: z.boolean().default(false).describe('Whether a request without a token is refused'),
  requiredAt: z
    .array(z.strictObject({ operation: operationSchema.describe('Whatever has all of this') }))
    .min(1)
    .max(64)
    .optional()
    .describe('What a token is required for, though it is not for all'),
});

type Written = z.output<typeof authenticationSchema>;

/** Where an issuer's keys are: in the policy, or with the control side under a name. */
export type KeySource =
  | { readonly kind: 'inline'; readonly keys: readonly PublicKey[] }
  | {
      readonly kind: 'file' | 'uri';
      /** The same for sources whose keys are the same: from one place, by the word of the same authorities. */
      readonly name: string;
      readonly at: string;
      /** Of a URI: as `caCertificatesSchema` has them. */
      readonly ca?: string;
      readonly refreshMs: number;
      readonly staleForMs: number;
    };

export interface JwtRule
  extends Pick<
    Written['jwtRules'][number],
    | 'issuer'
    | 'audiences'
    | 'fromHeaders'
    | 'fromParams'
    | 'fromCookies'
    | 'forwardOriginalToken'
    | 'outputClaimToHeaders'
  > {
  readonly keys: KeySource;
  readonly toleranceMs: number;
}

/** What a policy makes gateways do. */
export interface Authentication {
  readonly jwtRules: readonly JwtRule[];
  readonly required: boolean;
  readonly requiredAt?: Written['requiredAt'];
}

export function authenticationOf({ jwtRules, required, requiredAt }: Written): Authentication {
  return {
    jwtRules: jwtRules.map((rule) => {
      const { jwks, jwksFile, jwksUri, jwksCaCertificates, ...rest } = rule;
      const { refresh, staleFor, tolerance, ...same } = rest;
      return { ...same, keys: keysOf(rule), toleranceMs: msOf(tolerance) };
    }),
    required,
    ...(requiredAt && { requiredAt }),
  };
}

function keysOf(rule: Written['jwtRules'][number]): KeySource {
  const { jwks, jwksFile, jwksUri = '', jwksCaCertificates: ca, refresh, staleFor } = rule;
  if (jwks !== undefined) return { kind: 'inline', keys: publicKeys(jwks) };
  const kept = { refreshMs: msOf(refresh), staleForMs: msOf(staleFor) };
  if (jwksFile !== undefined) {
    return { kind: 'file', name: `file ${jwksFile}`, at: jwksFile, ...kept };
  }
  const name = `uri ${jwksUri}`;
  if (ca === systemAuthorities) return { kind: 'uri', name, at: jwksUri, ...kept };
  // One policy's authorities say nothing for another that believes others.
  const digest = createHash('sha256').update(ca).digest('base64url');
  return { kind: 'uri', name: `${name} by ${digest}`, at: jwksUri, ca, ...kept };
}
