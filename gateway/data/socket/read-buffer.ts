/** Owns the one buffer of a thread that sockets are read into. */

/** All reads land here: octets that are to stay are copied out before the next one. */
export const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
