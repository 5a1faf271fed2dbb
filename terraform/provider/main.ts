/** Owns the process that Terraform starts as its provider. */
import { asIsthmusError } from '../../core/errors.ts';
import { invitationIn } from './handshake.ts';
import { servePlugin } from './plugin.ts';

// A terminal's Ctrl-C reaches Terraform as well, which says what is to be done.
process.on('SIGINT', () => {});
try {
  const load = async () => (await import('./answerers.ts')).answerers(process.env);
  await servePlugin(load, invitationIn(process.env), process.env);
  process.exit(0);
} catch (thrown) {
  const { code, message, fix } = asIsthmusError(thrown);
  process.stderr.write(`error ${code}: ${message}\n  fix: ${fix}\n`);
  process.exit(1);
}
