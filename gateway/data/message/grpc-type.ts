/** Owns telling calls of gRPC from other requests. */
import { contentTypeId } from './headers.ts';
import type { ReceivedFields } from './message.ts';

/** Whether a request is gRPC: `application/grpc`, with or without a suffix such as `+proto`; not gRPC-Web. */
export function isGrpc(fields: ReceivedFields): boolean {
  const type = fields.getById(contentTypeId);
  return type !== undefined && /^application\/grpc(?:[+;]|$)/i.test(type);
}
