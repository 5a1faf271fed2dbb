/** Owns which fields of messages policies may set, add and remove, and how they are written. */
import { z } from 'zod';

/** Fields of one connection, of framing, and of who sent what through whom: gateways alone say them. */
const gatewaysOwn = new Set([
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-real-ip',
  'x-request-id',
]);

/** Also in the spelling that CGI and its kin take for the same name (RFC 3875 section 4.1.18). */
function isGatewaysOwn(name: string): boolean {
  const same = name.toLowerCase().replace(/[^a-z\d]/g, '-');
  return gatewaysOwn.has(same) || same.startsWith('x-isthmus-') || same.startsWith('x-forwarded-');
}

/** The name of a field, RFC 9110 section 5.1. */
export const fieldNameSchema = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/i, 'use the characters of a field name');

const changeableName = fieldNameSchema.refine(
  (name) => !isGatewaysOwn(name),
  'that field is the gateways’ own to set: use another name',
);

/** Visible ASCII, with spaces or tabs inside. */
const fieldValue = z
  .string()
  .max(4096)
  .regex(/^[!-~](?:[\t -~]*[!-~])?$/, 'use visible ASCII, with spaces inside only');

const field = z.strictObject({
  name: changeableName.describe('Name of the field, in any case'),
  value: fieldValue.describe('Its value'),
});

const fields = z.array(field).max(16).default([]);

/** Only one thing may happen to a field of a name. */
export const fieldChangesSchema = z
  .strictObject({
    set: fields.describe('Fields that take the place of all of their name'),
    add: fields.describe('Fields that come beside those of their name'),
    remove: z.array(changeableName).max(16).default([]).describe('Names of fields that go'),
  })
  .refine(({ set, add, remove }) => {
    const names = [...set, ...add].map(({ name }) => name).concat(remove);
    return new Set(names.map((name) => name.toLowerCase())).size === names.length;
  }, 'say one thing of each field');
