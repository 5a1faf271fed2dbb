/**
 * Owns services of gRPC as their .proto files define them, for unary calls. @grpc/proto-loader does so too, and describes them for whoever asks over the
 * network, which takes longer than all else about them.
 */
import { readFileSync } from 'node:fs';
import type { ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** As JavaScript has them: numbers, names of enumerations, every field that is not there with its default. */
const plain = { longs: Number, enums: String, defaults: true } as const;

interface ServiceFile {
  /** Of the .proto file, which imports no other. */
  readonly path: string;
  /** With its package. */
  readonly name: string;
  /** Whether fields keep the names that the file gives them; else they are in camel case. */
  readonly keepCase: boolean;
}

/** Throws where the file can't be read, or has no such service, or one of its messages is not there. */
export function serviceIn({ path, name, keepCase }: ServiceFile): ServiceDefinition {
  const { root } = protobuf.parse(readFileSync(path, 'utf8'), { keepCase });
  const service = root.lookupService(name);
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    const [request, response] = [
      coded(method.resolvedRequestType),
      coded(method.resolvedResponseType),
    ];
    return [
      method.name,
      {
        path: `/${name}/${method.name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: request.serialize,
        requestDeserialize: request.deserialize,
        responseSerialize: response.serialize,
        responseDeserialize: response.deserialize,
      },
    ] as const;
  });
  return Object.fromEntries(methods);
}

function coded(type: protobuf.Type | null) {
  if (type === null) throw new Error('a method of a service has no message');
  return {
    serialize: (message: object) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    deserialize: (octets: Buffer) => type.toObject(type.decode(octets), plain),
  };
}
