/** Owns the shapes of trust: how each cluster's bundle stands, how far a change of the root has come, and what became of its end. */
import { z } from 'zod';
import { labelSchema } from '../../../../registry/model.ts';
import { problemItemSchema } from './gateway.ts';
import { count, list, moment, named, object } from './shape.ts';

const acknowledgement = object({
  cluster: z.string().describe('Cluster of the gateway'),
  gateway: z.string().describe('Its id'),
  state: z
    .enum(['taken', 'behind', 'untold', 'unheard', 'offline'])
    .describe(
      '`taken`: it verifies by this bundle; `behind`: by an older one, or none; `untold`: it does not say, as version 0.1 does not; `unheard`: cut off from the registry, while its cluster is reached; `offline`: nobody there is reached, and it follows the chain of bundles when it is back',
    ),
  sequence: count.optional().describe('The sequence that it verifies by, where it says one'),
});

export const trustItemSchema = named('Trust', "How a cluster's trust bundle stands", {
  cluster: z.string().describe('Cluster whose bundle it is'),
  trustDomain: z.string().describe('Its SPIFFE trust domain'),
  sequence: count.describe('Number of the bundle; the next one has a higher one'),
  roots: list(
    object({
      fingerprint: z.string().describe("SHA-256 of its certificate's DER, base64url"),
      notBefore: moment.describe('When it begins, in milliseconds since 1970'),
      notAfter: moment.describe('When it ends, in milliseconds since 1970'),
      signs: z.boolean().describe('Whether what the cluster signs now is signed by it'),
      under: z
        .string()
        .optional()
        .describe("The enterprise's authority that signed it; absent where it signed itself"),
    }),
  ).describe('The roots in it'),
  fingerprints: list(z.string()).describe(
    "SHA-256 of each root certificate's DER, base64url: what a join token pins",
  ),
  notAfter: moment.describe('End of the root that ends first, in milliseconds since 1970'),
  self: z.boolean().describe("Whether it is the gateway's own cluster"),
  believed: z.boolean().describe('Whether the gateway verifies peers against it'),
  phase: z
    .enum(['stable', 'publishing', 'signing'])
    .describe(
      'How far a change of the root has come: `publishing` while the next one waits to be believed, `signing` while the one from before is in the bundle still',
    ),
  acks: list(acknowledgement).describe(
    'How each gateway of the federation stands to it, as it says in its signed record',
  ),
  laggards: list(z.string()).describe(
    'Gateways that have not taken it up, though their cluster is reached, as `cluster/id`',
  ),
  leaf: object({
    notBefore: moment.describe('When it begins, in milliseconds since 1970'),
    notAfter: moment.describe('When it ends, in milliseconds since 1970'),
    id: z.string().describe('SPIFFE ID in it'),
    root: z.string().describe('Fingerprint of the root that signed it'),
  })
    .optional()
    .describe("The certificate that the gateway presents; of the gateway's own cluster only"),
});

export const foreignTrustSchema = named(
  'ForeignTrust',
  'How the bundle of a trust domain outside of the federation stands',
  {
    trustDomain: z.string().describe('The trust domain'),
    url: z.string().describe('Its bundle endpoint'),
    profile: z.enum(['https_web', 'https_spiffe']).describe('How the endpoint proves itself'),
    state: z
      .enum(['current', 'failing', 'unknown'])
      .describe(
        '`current`: the last look brought it; `failing`: the last look brought none that is used, and the one from before is in force; `unknown`: none is known, and nobody of the trust domain is believed',
      ),
    sequence: z
      .number()
      .min(0)
      .optional()
      .describe('Sequence of the bundle that is believed; 0: it says none'),
    refreshHint: count
      .optional()
      .describe('After how many seconds the bundle asks to be looked for again'),
    roots: list(
      object({
        fingerprint: z.string().describe("SHA-256 of its certificate's DER, base64url"),
        notAfter: moment.describe('When it ends, in milliseconds since 1970'),
      }),
    ).describe('The roots that are believed; with none nobody of the trust domain is'),
    fetchedAt: moment
      .optional()
      .describe(
        'When its endpoint gave it last, in milliseconds since 1970; absent while it never did',
      ),
    nextAt: moment
      .optional()
      .describe(
        'When it is looked for again, in milliseconds since 1970; absent while that is under way',
      ),
    problem: problemItemSchema.optional().describe('Why the last look brought none'),
  },
);

export const rotationSchema = named('Rotation', "How far the change of this cluster's root is", {
  phase: z
    .enum(['stable', 'published', 'signing'])
    .describe(
      '`published`: the next root waits for all to believe it; `signing`: it signs, and the one from before is in the bundle still',
    ),
  sequence: count.describe('Number of the bundle'),
  signing: z.string().describe('Fingerprint of the root that signs'),
  other: z
    .string()
    .optional()
    .describe('Fingerprint of the root that does not: the next one, or the one from before'),
  since: moment.optional().describe('Since when it is so, in milliseconds since 1970'),
  laggards: list(z.string()).describe('Gateways that are waited for, as `cluster/id`'),
  problem: z.string().optional().describe('Why the next step could not be done; it is tried again'),
});

export const verificationSchema = named('Verification', 'Whether gateways verify each other', {
  links: list(
    object({
      from: z.string().describe('Gateway that connected, as `cluster/id`'),
      to: z.string().describe('Cluster that it connected to'),
      address: z.string().describe('East-west address there'),
      outcome: z
        .enum(['verified', 'not-believed-here', 'not-believed-there', 'unreachable'])
        .describe(
          '`verified`: each took the certificate of the other; `not-believed-here`: who connected refused that of the other; `not-believed-there`: the other hung up; `unreachable`: nobody answered',
        ),
      why: z.string().optional().describe('Why not'),
    }),
  ).describe('One for each handshake that was made'),
  missing: list(z.string()).describe('Gateways that were not asked, as they do not answer'),
});

export const revocationSchema = named('Revocation', 'Who trusts a cluster no more', {
  cluster: z.string().describe('The cluster'),
  gateways: list(
    object({
      cluster: z.string().describe('Cluster of the gateway'),
      gateway: z.string().describe('Its id'),
      state: z
        .enum(['revoked', 'believes', 'behind', 'untold', 'unheard', 'offline'])
        .describe(
          '`revoked`: all its workers refuse the cluster, and have cut its connections; `believes`: not yet; else why that is not known, as in `acks` of `GET /v1/trust`',
        ),
      sequence: count.optional().describe('Sequence of the bundle that it still verifies by'),
    }),
  ).describe('Every gateway of the federation but those of the cluster'),
});

export const rotationBodySchema = z.strictObject({
  force: z
    .boolean()
    .default(false)
    .describe('Sign by the new root although some gateways have not taken it up'),
});

export const operatorBodySchema = z.strictObject({
  name: labelSchema.describe('Who it is for: `operator/<name>` of the trust domain'),
  publicKey: z.string().max(1000).describe('Public key, PEM: EC on P-256'),
  days: z.int().min(1).max(365).default(30).describe('How long it is valid'),
});

export const operatorSchema = named(
  'OperatorCertificate',
  'A certificate by which a person is known',
  {
    id: z
      .string()
      .describe('SPIFFE ID in it: what a rule of `admin.auth.clientCertificates` names'),
    chain: z.string().describe('PEM: the certificate, then those of the authorities above it'),
    notAfter: moment.describe('When it ends, in milliseconds since 1970'),
  },
);

export const retirementBodySchema = z.strictObject({
  root: z
    .string()
    .max(64)
    .optional()
    .describe('Fingerprint of the root; default the one that does not sign'),
  force: z.boolean().default(false).describe('Although something still rests on it'),
  dryRun: z.boolean().default(false).describe('Say only why it should stay'),
});

export const restingSchema = named('Resting', 'Which roots the connections of a gateway rest on', {
  gateway: z.string().describe('The gateway, as `cluster/id`'),
  connections: list(
    object({
      root: z.string().describe('Fingerprint of the root that vouched for the other end'),
      count: count.describe('Open connections to and from other gateways'),
    }),
  ).describe('Those of all its workers'),
});

export const retirementSchema = named('Retirement', 'What became of a root', {
  root: z.string().optional().describe('Fingerprint of the root; absent where there is none'),
  retired: z.boolean().describe('Whether it is out of the bundle'),
  reasons: list(z.string()).describe('Why it should stay, where only that was asked'),
});
