/** Owns how a secret reaches a command: a file, the environment or standard input, so that no process list shows it. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { Cli } from './cli.ts';

interface SecretSource {
  /** Given on the command line itself; `-` means standard input. */
  readonly argument?: string | undefined;
  /** A file that holds it; `-` means standard input. */
  readonly file?: string | undefined;
}

/** Reads the join token, the first of: argument, file, $ISTHMUS_TOKEN. Throws USAGE or FILE_UNREADABLE. */
export async function readToken(cli: Cli, source: SecretSource): Promise<string> {
  const { argument, file } = source;
  if (argument !== undefined && file !== undefined) {
    throw new IsthmusError('USAGE', {
      what: 'The token was given twice: as an argument and by --token-file',
      fix: 'Give one of them.',
    });
  }
  if (argument === '-' || file === '-') return nonEmpty(await readText(cli.io.stdin), 'stdin');
  if (file !== undefined) return nonEmpty(await fileText(file), file);
  if (argument !== undefined) {
    cli.note(
      'warning: a token on the command line shows in the process list; prefer --token-file, ISTHMUS_TOKEN or `-`',
    );
    return nonEmpty(argument, 'argument');
  }
  const fromEnvironment = cli.io.env['ISTHMUS_TOKEN'];
  if (fromEnvironment) return nonEmpty(fromEnvironment, '$ISTHMUS_TOKEN');
  throw new IsthmusError('USAGE', {
    what: 'No join token was given',
    fix: 'Give --token-file FILE, set ISTHMUS_TOKEN, or pipe it in with `isthmus join -`. The other cluster makes one: `isthmus token create`.',
  });
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}

function nonEmpty(text: string, where: string): string {
  const token = text.trim();
  if (token !== '') return token;
  throw new IsthmusError('TOKEN_INVALID', { what: 'The join token is empty', where });
}
