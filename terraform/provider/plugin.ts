/** Owns answering Terraform on a socket: gRPC by mutual TLS, as hashicorp/go-plugin has it, until it is told to end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Server,
  type ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { messageOf } from '../../core/errors.ts';
import type { Handlers } from './calls/handlers.ts';
import { acceptance, type Invitation } from './handshake.ts';
import { makeIdentity } from './identity.ts';
import { log } from './log.ts';
import { type Calls, controllerService, providerService } from './protocol/messages.ts';

/** A schema of many resources, or a state of many endpoints, is far over gRPC's 4 MiB. */
const maxMessageBytes = 256 * 1024 * 1024;

/** How often is looked whether whoever started this is still there. */
const lookMs = 1_000;

/** What answers each of Terraform's calls. */
export type Answerers = Handlers<keyof Calls>;

/** Listens, says where on standard output, and resolves when it is over. What answers is loaded while Terraform connects. */
export async function servePlugin(
  load: () => Promise<Answerers>,
  invitation: Invitation,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  });
  const { promise: answerers, resolve: ready, reject: failed } = Promise.withResolvers<Answerers>();
  const ended = new Promise<void>((resolve, reject) => {
    answerers.catch(reject);
    server.addService(providerService, answering(answerers));
    server.addService(controllerService, {
      Shutdown(_: unknown, done: sendUnaryData<object>) {
        done(null, {});
        resolve();
      },
    });
    process.on('SIGTERM', () => resolve());
    // Terraform that was killed says nothing.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && resolve(), lookMs).unref();
  });
  const { certificate, credentials } = makeIdentity(invitation);
  const folder = await mkdtemp(join(env['PLUGIN_UNIX_SOCKET_DIR'] || tmpdir(), 'isthmus-plugin-'));
  try {
    const socket = join(folder, 'socket');
    await listen(server, `unix:${socket}`, credentials);
    process.stdout.write(`${acceptance(socket, certificate)}\n`);
    load().then(ready, failed);
    await ended;
    await new Promise((resolve) => server.tryShutdown(resolve));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a handler throws is a fault of ours: Terraform is told, and its log how it came to that. */
function answering(answerers: Promise<Answerers>): UntypedServiceImplementation {
  const answered = Object.keys(providerService).map((name) => {
    const answer = async (call: ServerUnaryCall<never, object>, done: sendUnaryData<object>) => {
      try {
        done(null, await (await answerers)[name as keyof Calls](call.request));
      } catch (thrown) {
        log('error', `${name} failed: ${thrown instanceof Error ? thrown.stack : thrown}`);
        done({ code: status.INTERNAL, details: messageOf(thrown) });
      }
    };
    return [name, answer] as const;
  });
  return Object.fromEntries(answered) as unknown as UntypedServiceImplementation;
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error) => (error ? reject(error) : resolve()));
  });
}
