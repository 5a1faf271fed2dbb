/** Owns the `audit` part of the configuration: how much of it is kept, and whom it is sent to. */
import { z } from 'zod';
import { isLoopback } from '../../../core/address.ts';
import { dialedAddressSchema } from './addresses.ts';

const MiB = 1024 * 1024;
/** A path, relative to the configuration file. */
const pathSchema = z.string().min(1);

const webhookSchema = z.strictObject({
  /** Entries are POSTed there as JSON; plain HTTP only to this machine. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => text.startsWith('https:') || isLoopback(new URL(text).hostname), 'use https'),
  /** File with a bearer token to be sent; read at each sending. */
  tokenFile: pathSchema.optional(),
  /** PEM file of the authority of the receiver's certificate; default those that Node.js trusts. */
  ca: pathSchema.optional(),
});

const syslogSchema = z
  .strictObject({
    /** The receiver, `host:port`. */
    address: dialedAddressSchema,
    /** How it is spoken to: RFC 5425, RFC 6587 with octet counts, RFC 5426. */
    transport: z.enum(['tls', 'tcp', 'udp']).default('tls'),
    /** PEM file of the authority of the receiver's certificate; default those that Node.js trusts. */
    ca: pathSchema.optional(),
    /** Facility of the messages (RFC 5424, table 1); 13 is `log audit`. */
    facility: z.int().min(0).max(23).default(13),
  })
  .refine(({ transport, ca }) => transport === 'tls' || ca === undefined, 'ca needs transport tls');

export const auditSchema = z.strictObject({
  /** Bytes that all its files may take. */
  maxBytes: z
    .int()
    .min(MiB)
    .max(64 * 1024 * MiB)
    .default(64 * MiB),
  /** Days after which entries go, with the file that they are in. */
  maxAgeDays: z.int().min(1).max(36_500).default(90),
  webhook: webhookSchema.optional(),
  syslog: syslogSchema.optional(),
});

export type AuditConfig = z.output<typeof auditSchema>;
export type WebhookConfig = z.output<typeof webhookSchema>;
export type SyslogConfig = z.output<typeof syslogSchema>;
