/** Specifies what becomes of what etcd, gRPC and OpenSSL say: a code, a text for people, and what to do. */
import { status } from '@grpc/grpc-js';
import test from 'ava';
import { registryError } from '../../registry/etcd-errors.ts';

const alert =
  '40230981EC7F0000:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 42\n';

for (const [details, code, said, fix] of [
  [
    `No connection established. Last error: ${alert} (at noon). Resolution note: `,
    status.UNAVAILABLE,
    'REGISTRY_UNAVAILABLE: No connection established. Last error: ssl/tls alert bad certificate (at noon)',
    /`registry\.etcd\.ca`, `cert` and `key`/,
  ],
  [
    'No connection established. Last error: Error: certificate is not yet valid',
    status.UNAVAILABLE,
    'REGISTRY_UNAVAILABLE: No connection established. Last error: Error: certificate is not yet valid',
    /clocks/,
  ],
  [
    'Connection dropped',
    status.UNAVAILABLE,
    'REGISTRY_UNAVAILABLE: Connection dropped',
    /^Traffic keeps flowing .* Check the registry and the way to it\.$/,
  ],
  [
    'etcdserver: user name is empty',
    status.INVALID_ARGUMENT,
    'REGISTRY_UNAUTHENTICATED: etcdserver: user name is empty',
    /`registry\.etcd\.username` and `passwordFile`; or start etcd with `--client-cert-auth`/,
  ],
  [
    'etcdserver: authentication failed, invalid user ID or password',
    status.INVALID_ARGUMENT,
    'REGISTRY_UNAUTHENTICATED: etcdserver: authentication failed, invalid user ID or password',
    /^Correct `registry\.etcd\.username`/,
  ],
  [
    'auth: authentication failed, password was given for no password user',
    status.UNKNOWN,
    'REGISTRY_UNAUTHENTICATED: auth: authentication failed, password was given for no password user',
    /^Correct `registry\.etcd\.username`/,
  ],
] as const) {
  test(`what is said: ${said}`, (t) => {
    const error = registryError(Object.assign(new Error(details), { code, details }), 'etcd:2379');
    t.is(`${error.code}: ${error.message}`, said);
    t.is(error.where, 'etcd:2379');
    t.regex(error.fix, fix);
  });
}
