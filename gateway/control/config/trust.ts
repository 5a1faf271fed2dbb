/** Owns the `trust` part of the configuration: where this federation's bundles are given to others, and whose are taken from where. */
import { z } from 'zod';
import { parseSpiffeId } from '../../../certs/spiffe-id.ts';
import { durationSchema } from '../../../core/duration.ts';
import { addressSchema } from '../../../registry/model.ts';
import { bundleUrlFault } from '../foreign/bundle-url.ts';
import { refuseTwice } from './lists.ts';
import { spiffeIdSchema, trustDomainSchema } from './trust-domain.ts';

/** A path, relative to the configuration file. */
const pathSchema = z.string().min(1);
/** How an endpoint proves itself: by a certificate of the Web PKI, or by an X509-SVID (SPIFFE Federation, section 5.2). */
const profileSchema = z.enum(['https_web', 'https_spiffe']);

const bundleEndpointSchema = z
  .strictObject({
    listen: addressSchema,
    profile: profileSchema,
    /** PEM files for `https_web`, read again when they change: the certificate with its chain, and its key. */
    cert: pathSchema.optional(),
    key: pathSchema.optional(),
    /** How often others are asked to look for another bundle. */
    refreshHint: durationSchema
      .refine((ms) => ms >= 10_000 && ms % 1000 === 0, 'use whole seconds, at least 10s')
      .default(300_000),
  })
  .superRefine(({ profile, cert, key }, context) => {
    const complain = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    for (const [name, file] of Object.entries({ cert, key })) {
      if (profile === 'https_web' && file === undefined) complain(name, 'https_web needs it');
      if (profile === 'https_spiffe' && file !== undefined) {
        complain(
          name,
          'with https_spiffe the gateway proves itself by a certificate of its cluster',
        );
      }
    }
  });

const foreignSchema = z
  .strictObject({
    /** Whose bundle it is: bundles themselves do not say so. */
    trustDomain: trustDomainSchema,
    url: z.string().superRefine((text, context) => {
      const fault = bundleUrlFault(text);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    }),
    profile: profileSchema,
    /** The SPIFFE ID of the endpoint, for `https_spiffe`. */
    endpointSpiffeId: spiffeIdSchema.optional(),
    /** File with the bundle by which an endpoint in the trust domain itself is believed for the first time. */
    bundle: pathSchema.optional(),
    /** PEM file of the authorities of the endpoint's certificate, for `https_web`; default those of the operating system. */
    ca: pathSchema.optional(),
  })
  .superRefine(({ trustDomain, profile, endpointSpiffeId, bundle, ca }, context) => {
    const complain = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (profile === 'https_web') {
      for (const [name, value] of Object.entries({ endpointSpiffeId, bundle })) {
        if (value !== undefined) complain(name, 'it is for https_spiffe');
      }
      return;
    }
    if (ca !== undefined) complain('ca', 'it is for https_web');
    if (endpointSpiffeId === undefined) {
      complain('endpointSpiffeId', 'https_spiffe needs it');
      return;
    }
    const isSelfServing = parseSpiffeId(endpointSpiffeId).trustDomain === trustDomain;
    if (isSelfServing && bundle === undefined) {
      complain('bundle', 'it is needed to believe the endpoint for the first time');
    }
    if (!isSelfServing && bundle !== undefined) {
      complain(
        'bundle',
        'the endpoint is in another trust domain: it is believed by the bundle of that',
      );
    }
  });

export const trustSchema = z.strictObject({
  bundleEndpoint: bundleEndpointSchema.optional(),
  foreign: z
    .array(foreignSchema)
    .max(256)
    .superRefine(refuseTwice('trustDomain', ({ trustDomain }) => trustDomain))
    .default([]),
});

type TrustConfig = z.output<typeof trustSchema>;
export type BundleEndpointConfig = NonNullable<TrustConfig['bundleEndpoint']>;
export type ForeignConfig = TrustConfig['foreign'][number];

interface TrustParts {
  readonly federation: string;
  readonly trust: TrustConfig;
  readonly ingress: readonly {
    readonly clientCertificates?:
      | { readonly trustDomains?: readonly string[] | undefined }
      | undefined;
  }[];
}

/** Refuses foreign trust domains that a member of this federation has or could have, and those that are named and not there. */
export function checkForeignTrust(
  { federation, trust, ingress }: TrustParts,
  context: z.RefinementCtx,
): void {
  const { foreign } = trust;
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const named = new Set<string>(foreign.map(({ trustDomain }) => trustDomain));
  for (const [i, { trustDomain, endpointSpiffeId }] of foreign.entries()) {
    if (trustDomain === federation || trustDomain.endsWith(`.${federation}`)) {
      const message = `${trustDomain} is of this federation: its clusters vouch for their trust domains themselves`;
      complain(['trust', 'foreign', i, 'trustDomain'], message);
    }
    const at =
      endpointSpiffeId === undefined ? trustDomain : parseSpiffeId(endpointSpiffeId).trustDomain;
    if (!named.has(at)) {
      complain(
        ['trust', 'foreign', i, 'endpointSpiffeId'],
        `name ${at} under trust.foreign too: the endpoint is believed by its bundle`,
      );
    }
  }
  for (const [i, { clientCertificates }] of ingress.entries()) {
    for (const [j, trustDomain] of (clientCertificates?.trustDomains ?? []).entries()) {
      if (named.has(trustDomain)) continue;
      complain(
        ['ingress', i, 'clientCertificates', 'trustDomains', j],
        `${trustDomain} is not under trust.foreign`,
      );
    }
  }
}
