/** Owns the `ca` part of the configuration: the enterprise's authority under which roots of this cluster are made. */
import { z } from 'zod';

/** A path, relative to the configuration file. */
const pathSchema = z.string().min(1);

export const caSchema = z.strictObject({
  /** PEM: its certificate, then those of the authorities above it; or PKCS#12, which has the key too. */
  certificate: pathSchema,
  /** Its private key, PEM: RSA or EC, encrypted or not. Default the file of the certificate. */
  key: pathSchema.optional(),
  /** File whose first line is the password of the key, or of the PKCS#12 file. */
  passwordFile: pathSchema.optional(),
});
