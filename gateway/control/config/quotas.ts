/** Owns the `quotas` part of the configuration: how much there may be of one cluster. */
import { z } from 'zod';

const KiB = 1024;
const MiB = 1024 * KiB;
const most = z.int().min(1).max(10_000_000);

export const quotasSchema = z.strictObject({
  /** Endpoints of this cluster; one more is refused at its registration. */
  endpoints: most.default(250_000),
  /** Services that a cluster exports: more of this one are refused at registration, more of another are not taken from the registry. */
  services: most.default(50_000),
  /** Records of one cluster in the registry, likewise. */
  records: most.default(300_000),
  /** Bytes of them, likewise. */
  maxBytes: z
    .int()
    .min(64 * KiB)
    .max(64 * 1024 * MiB)
    .default(256 * MiB),
});
