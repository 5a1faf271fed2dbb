/** Owns the names of fields and cookies as policies write them. */
import { z } from 'zod';

/** RFC 9110 section 5.1, and RFC 6265 section 4.1.1. */
export const token = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/i, 'use the characters of a token');
