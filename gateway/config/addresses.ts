/** Owns addresses in the configuration. */
import { addressSchema } from '../../registry/model.ts';

/** An address that others dial: there is no port 0 to dial. */
export const dialedAddressSchema = addressSchema.refine(
  (text) => !/:0+$/.test(text),
  'port 0 can not be dialed',
);
