/** Owns what becomes of a message that can't be taken: a server's answer to it, or the code that its stream is reset with. */
import { errorCode } from './protocol.ts';

/** The status for a malformed message (RFC 9113 section 8.1.1), and for a head or trailers that are too large (RFC 6585 section 5). */
export type UnreadableStatus = 400 | 431;

export const resetCodes: Readonly<Record<UnreadableStatus, number>> = {
  400: errorCode.protocolError,
  431: errorCode.enhanceYourCalm,
};

/** What is wrong with a message whose Content-Length is not that of its body (RFC 9113 section 8.1.1). */
export const bodyLengthWrong = 'its body is not as long as announced';
