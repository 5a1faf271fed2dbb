/**
 * Owns services of gRPC as their .proto files define them. @grpc/proto-loader does so too, and describes them for whoever asks over the
 * network, which takes longer than all else about them.
 */
import type { ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** What becomes of fields in JavaScript. */
interface Reading {
  /** Whether they keep the names that the file gives them; else they are in camel case. */
  readonly keepCase: boolean;
  /** What integers of 64 bits are; default numbers. */
  readonly longs?: NumberConstructor | StringConstructor;
  /** What values of enumerations are: default their names. */
  readonly enums?: StringConstructor;
  /** Whether every field that is not there has its default; that is the default. */
  readonly defaults?: boolean;
  /** Whether a oneof is a field that names the one that is there; default no. */
  readonly oneofs?: boolean;
}

interface ServiceFile extends Pick<Reading, 'keepCase'> {
  /** Of the .proto file. */
  readonly path: string;
  /** With its package. */
  readonly name: string;
}

/** Throws where the file can't be read, or has no such service, or one of its messages is not there. */
export function serviceIn({ path, name, keepCase }: ServiceFile): ServiceDefinition {
  return definitionOf(read(path, keepCase).lookupService(name), { keepCase });
}

/** All services of a .proto file and of those that it imports, by name with package. Throws as `serviceIn` does. */
export function servicesIn(
  path: string,
  reading: Reading,
): Readonly<Record<string, ServiceDefinition>> {
  const services = servicesOf(read(path, reading.keepCase));
  return Object.fromEntries(
    services.map((service) => [nameOf(service), definitionOf(service, reading)]),
  );
}

function read(path: string, keepCase: boolean): protobuf.Root {
  return new protobuf.Root().loadSync(path, { keepCase });
}

function servicesOf({ nestedArray }: protobuf.NamespaceBase): protobuf.Service[] {
  return nestedArray.flatMap((one) => {
    if (one instanceof protobuf.Service) return one;
    return one instanceof protobuf.Namespace ? servicesOf(one) : [];
  });
}

function nameOf({ fullName }: protobuf.Service): string {
  return fullName.slice('.'.length);
}

function definitionOf(service: protobuf.Service, reading: Reading): ServiceDefinition {
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    const [request, response] = [
      coded(method.resolvedRequestType, reading),
      coded(method.resolvedResponseType, reading),
    ];
    return [
      method.name,
      {
        path: `/${nameOf(service)}/${method.name}`,
        // By this name, too, a client has it.
        originalName: protobuf.util.lcFirst(method.name),
        requestStream: method.requestStream ?? false,
        responseStream: method.responseStream ?? false,
        requestSerialize: request.serialize,
        requestDeserialize: request.deserialize,
        responseSerialize: response.serialize,
        responseDeserialize: response.deserialize,
      },
    ] as const;
  });
  return Object.fromEntries(methods);
}

function coded(type: protobuf.Type | null, reading: Reading) {
  if (type === null) throw new Error('a method of a service has no message');
  const plain = { longs: Number, enums: String, defaults: true, ...reading };
  return {
    serialize: (message: object) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    deserialize: (octets: Buffer) => type.toObject(type.decode(octets), plain),
  };
}
