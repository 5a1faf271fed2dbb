/** Owns the `admin` part of the configuration: with what the API proves itself, whom it lets in, and as what. */
import { z } from 'zod';
import { isLoopback, parseAddress } from '../../../core/address.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { isLabel } from '../../../core/names.ts';
import { roles } from '../roles.ts';

const roleSchema = z.enum(roles);
/** A path, relative to the configuration file. */
const pathSchema = z.string().min(1);

/** Keys are fetched and tokens issued over TLS; on this machine it may be without. */
const issuerUrlSchema = z
  .url({ protocol: /^https?$/ })
  .refine((text) => text.startsWith('https:') || isLoopback(new URL(text).hostname), 'use https');

const tokenSchema = z.strictObject({
  /** The caller's name in the audit. */
  name: z.string().min(1).max(63),
  role: roleSchema,
  /** File with the token, one line of at least 24 characters; read again when it changes. */
  tokenFile: pathSchema,
});

const oidcSchema = z.strictObject({
  /** The issuer, exactly as in its tokens. */
  issuer: issuerUrlSchema,
  /** The audience that tokens for this API name. */
  audience: z.string().min(1),
  /** Claim with the caller's roles or groups, dots into objects. Default `roles`. */
  roleClaim: z.string().min(1).default('roles'),
  /** URL of the issuer's keys; default the one in its discovery document. */
  jwksUri: issuerUrlSchema.optional(),
  /** Role here for each value of the claim. */
  mapping: z.record(z.string().min(1), roleSchema),
});

const certificateSchema = z
  .strictObject({
    /** The certificate's subject, such as `O=Ops, CN=alice`, all of it and in its order. */
    subject: z.string().min(1).optional(),
    /** Its SPIFFE ID. */
    spiffe: z.string().startsWith('spiffe://').optional(),
    role: roleSchema,
  })
  .refine(
    ({ subject, spiffe }) => (subject === undefined) !== (spiffe === undefined),
    'give either subject or spiffe',
  );

const authSchema = z
  .strictObject({
    tokens: z.array(tokenSchema).default([]),
    oidc: oidcSchema.optional(),
    clientCertificates: z.array(certificateSchema).default([]),
  })
  .refine(
    ({ tokens, oidc, clientCertificates }) =>
      tokens.length + clientCertificates.length > 0 || oidc !== undefined,
    'give tokens, oidc or clientCertificates',
  );

const tlsSchema = z.strictObject({
  /** PEM files, read again when they change. */
  cert: pathSchema,
  key: pathSchema,
  /** Authority of client certificates; needed for `auth.clientCertificates`. */
  clientCa: pathSchema.optional(),
});

const clusterKeySchema = z
  .string()
  .refine((name) => name === '*' || isLabel(name), 'use the name of a cluster, or *');

export const adminSchema = z
  .strictObject({
    tls: tlsSchema.optional(),
    auth: authSchema.optional(),
    /** The most that people whom other clusters' gateways vouch for may do here, by cluster; `*` is any other. Default viewer. */
    clusters: z.record(clusterKeySchema, roleSchema).default({}),
    /** Requests a second of one caller, on average over ten. Default 500. */
    requestsPerSecond: z.int().min(1).max(100_000).default(500),
  })
  .refine(
    ({ tls, auth }) => !auth?.clientCertificates.length || tls?.clientCa !== undefined,
    'clientCertificates need tls.clientCa',
  );

export type AdminConfig = z.output<typeof adminSchema>;

/** Whether only this machine reaches the address. */
function isLocal(listen: string): boolean {
  return listen.startsWith('unix:') || isLoopback(parseAddress(listen).host);
}

/** On a network there is no API without TLS and authentication. Throws ADMIN_EXPOSED. */
export function assertProtected(listen: string, { tls, auth }: AdminConfig, where?: string): void {
  if (isLocal(listen)) return;
  const lacks = [...(tls ? [] : ['admin.tls']), ...(auth ? [] : ['admin.auth'])];
  if (lacks.length === 0) return;
  throw new IsthmusError('ADMIN_EXPOSED', {
    what: `The admin API would listen on ${listen} without ${lacks.join(' and ')}`,
    where: where ?? 'listen.admin',
  });
}
