/** Owns many endpoints as a file lists them, and the calls that register them: as few as their sizes allow. */
import { z } from 'zod';
import { parseAddress } from '../core/address.ts';
import { parseYaml } from '../core/yaml-file.ts';
import { endpointNameShape, endpointShape } from '../gateway/control/api/bodies.ts';
import { addressSchema } from '../registry/model.ts';
import type { Written } from './written.ts';

const { port: _, ...described } = endpointShape;

/** Endpoints as the API takes them, but with the port in the address, as in a configuration. */
const fileSchema = z.strictObject({
  endpoints: z
    .array(z.strictObject({ ...endpointNameShape, ...described, address: addressSchema }))
    .min(1),
});

type Body = Readonly<Record<string, unknown>>;

/** Bodies are at most 1 MiB, and take 10,000 at most. */
const mostOctets = 500_000;
const most = 10_000;

/** The registrations as they were written. Throws what `parseYaml` does. */
export function parseEndpoints({ text, name }: Written): Body[] {
  parseYaml(fileSchema, text, name);
  const { endpoints } = parseYaml(
    z.object({ endpoints: z.array(z.record(z.string(), z.unknown())) }),
    text,
    name,
  );
  return endpoints.map((endpoint) => {
    const { host, port } = parseAddress(String(endpoint['address']));
    return { ...endpoint, address: host, port };
  });
}

/** In their order, as many together as one call takes. */
export function batches(endpoints: readonly Body[]): Body[][] {
  const all: Body[][] = [];
  let octets = Infinity;
  for (const endpoint of endpoints) {
    const size = Buffer.byteLength(JSON.stringify(endpoint)) + 1;
    const last = all.at(-1);
    if (last === undefined || octets + size > mostOctets || last.length === most) {
      all.push([endpoint]);
      octets = size;
    } else {
      last.push(endpoint);
      octets += size;
    }
  }
  return all;
}
