/** Specifies the process of the provider: whom it answers, where it listens, and that nothing of it is left. */
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Client, credentials, makeClientConstructor } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { keyPemOf, makeSelfSigned, pemOf } from '../../../certs/x509.ts';
import {
  controllerService,
  providerService,
} from '../../../terraform/provider/protocol/messages.ts';
import { ended, start } from '../../cli/command.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';

const cookie = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';
const launcher = fileURLToPath(new URL('../../../bin/isthmus', import.meta.url));

/** A key and a certificate of its own, as Terraform makes for each process that it starts. */
function identity() {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = makeSelfSigned({ dnsName: 'localhost', key, now: Date.now() });
  return { key: keyPemOf(key), certificate: pemOf(certificate) };
}

async function linked(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const link = join(await tempDir(t), 'terraform-provider-isthmus_v1.2.3');
  symlinkSync(launcher, link);
  return link;
}

interface Running {
  readonly child: ChildProcess;
  readonly socket: string;
  /** PEM. */
  readonly certificate: string;
}

async function startedFor(
  t: Pick<ExecutionContext, 'teardown'>,
  PLUGIN_CLIENT_CERT: string,
): Promise<Running> {
  const env = {
    TF_PLUGIN_MAGIC_COOKIE: cookie,
    PLUGIN_PROTOCOL_VERSIONS: '5,6',
    PLUGIN_CLIENT_CERT,
  };
  const child = start(await linked(t), [], { env });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
  const [core, protocol, network, socket = '', kind, der = ''] = String(line).split('|');
  if ([core, protocol, network, kind].join() !== '1,6,unix,grpc') throw new Error(String(line));
  return { child, socket, certificate: pemOf(Buffer.from(der, 'base64')) };
}

/** Calls one method, as whoever has `own`. */
async function call(
  { socket, certificate }: Running,
  own: ReturnType<typeof identity>,
  service: typeof providerService,
  method: string,
): Promise<Record<string, unknown>> {
  const shown = credentials.createSsl(
    ...([certificate, own.key, own.certificate].map((pem) => Buffer.from(pem)) as [
      Buffer,
      Buffer,
      Buffer,
    ]),
  );
  const Caller = makeClientConstructor(service, 'caller');
  const client = new Caller(`unix:${socket}`, shown, {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.max_receive_message_length': -1,
  }) as Client &
    Record<string, (request: object, done: (error: Error | null, answer: never) => void) => void>;
  try {
    return await new Promise((resolve, reject) => {
      client[method]?.({}, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  } finally {
    client.close();
  }
}

test('started by hand it says that Terraform starts it', async (t) => {
  const { code, stdout, stderr } = await ended(start(await linked(t), []));
  t.deepEqual([code, stdout], [1, '']);
  t.regex(
    stderr,
    /^error USAGE: .*Terraform starts it by itself\n {2}fix: Run `isthmus terraform install`/,
  );
});

test('a Terraform that speaks another protocol is told so', async (t) => {
  const env = { TF_PLUGIN_MAGIC_COOKIE: cookie, PLUGIN_PROTOCOL_VERSIONS: '5' };
  const { code, stderr } = await ended(start(await linked(t), [], { env }));
  t.is(code, 1);
  t.regex(stderr, /speaks version 6 of the plugin protocol; Terraform offers 5/);
});

test('it answers whoever started it and nobody else, whatever a terminal sends, and leaves nothing when it is told to end', async (t) => {
  const terraform = identity();
  const running = await startedFor(t, terraform.certificate);
  await t.throwsAsync(call(running, identity(), providerService, 'GetProviderSchema'));
  running.child.kill('SIGINT');
  const schema = await call(running, terraform, providerService, 'GetProviderSchema');
  t.true('isthmus_endpoint' in (schema['resource_schemas'] as object));

  const gone = once(running.child, 'exit');
  await call(running, terraform, controllerService, 'Shutdown');
  t.deepEqual(await gone, [0, null]);
  t.false(existsSync(dirname(running.socket)));
});

test('it does not outlive a Terraform that was killed', async (t) => {
  const dir = await tempDir(t);
  const link = await linked(t);
  const { certificate: PLUGIN_CLIENT_CERT } = identity();
  // A shell in the place of Terraform, whose child it is.
  const shell = start('sh', ['-c', `"${link}" > ${dir}/line & echo $!; wait`], {
    env: { TF_PLUGIN_MAGIC_COOKIE: cookie, PLUGIN_PROTOCOL_VERSIONS: '6', PLUGIN_CLIENT_CERT },
  });
  const [pid] = await once(createInterface(shell.stdout as NodeJS.ReadableStream), 'line');
  await until('it to listen', async () => (await readFile(join(dir, 'line'), 'utf8')) !== '');
  shell.kill('SIGKILL');
  // What is dead and not yet buried has no executable.
  const isGone = () => !existsSync(`/proc/${pid}/exe`);
  await t.notThrowsAsync(until('it to be gone', isGone));
});
