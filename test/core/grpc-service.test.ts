/** Specifies services of gRPC that are made from .proto files: their calls, the octets of their messages, and how fields are named. */
import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import test, { type ExecutionContext } from 'ava';
import { serviceIn, servicesIn } from '../../core/grpc-service.ts';

const root = join(import.meta.dirname, '../..');
const federation = {
  path: join(root, 'federation/proto/federation.proto'),
  name: 'isthmus.federation.v1.Federation',
};
const joinRequest = {
  cluster: 'dc1',
  timeMs: 1_790_000_000_123,
  proof: { keyId: 'k', value: 'é' },
};

function callOf(t: ExecutionContext, service: ReturnType<typeof serviceIn>, name: string) {
  const call = service[name];
  if (call === undefined) return t.fail(`no call ${name}`) as never;
  return call;
}

test('octets, names and defaults are those that proto-loader reads and writes', (t) => {
  const ours = serviceIn({ ...federation, keepCase: false });
  const options = { longs: Number, defaults: true, arrays: true };
  const theirs = loadSync(federation.path, options)[federation.name] as typeof ours;
  t.deepEqual(Object.keys(ours), Object.keys(theirs));
  for (const name of Object.keys(theirs)) {
    const [here, there] = [callOf(t, ours, name), callOf(t, theirs, name)];
    t.is(here.path, there.path);
    for (const message of [{}, joinRequest]) {
      const octets = there.requestSerialize(message);
      t.deepEqual(here.requestSerialize(message), octets);
      t.deepEqual(
        { ...here.requestDeserialize(octets) },
        { ...there.requestDeserialize(octets) },
        name,
      );
    }
  }
});

for (const file of ['registry/embedded/rpc.proto', 'node_modules/etcd3/proto/rpc.proto']) {
  test(`all services of ${file} are those that proto-loader reads, streams and oneofs among them`, (t) => {
    const path = join(root, file);
    const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
    const ours = servicesIn(path, options);
    const theirs = Object.entries(loadSync(path, options)).filter(([, one]) => !('format' in one));
    t.deepEqual(Object.keys(ours).sort(), theirs.map(([name]) => name).sort());
    const octets = Buffer.of();
    for (const [name, service] of theirs as [string, (typeof ours)[string]][]) {
      for (const [method, there] of Object.entries(service)) {
        const here = callOf(t, ours[name] ?? {}, method);
        const { path: at, requestStream, responseStream } = there;
        t.like(here, { path: at, requestStream, responseStream }, at);
        t.deepEqual(
          { ...here.requestDeserialize(octets) },
          { ...there.requestDeserialize(octets) },
        );
        t.deepEqual(
          { ...here.responseDeserialize(octets) },
          { ...there.responseDeserialize(octets) },
        );
      }
    }
  });
}

test('a client has a call by its name in lower case as well', (t) => {
  const { path } = federation;
  const service = servicesIn(path, { keepCase: true })[federation.name] ?? {};
  t.is(callOf(t, service, 'Join').originalName, 'join');
});

test('fields keep the names of the file where that is asked for', (t) => {
  const { requestSerialize, requestDeserialize } = callOf(
    t,
    serviceIn({ ...federation, keepCase: true }),
    'Join',
  );
  const read = requestDeserialize(requestSerialize({ token_id: 'a', time_ms: 5 }));
  t.like(read, { token_id: 'a', time_ms: 5, cluster: '' });
});

test('a service that is not in the file is an error that names it', (t) => {
  const missing = { ...federation, name: 'isthmus.federation.v1.Other', keepCase: false };
  t.throws(() => serviceIn(missing), { message: /isthmus\.federation\.v1\.Other/ });
});
