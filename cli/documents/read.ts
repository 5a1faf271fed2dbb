/** Owns the options by which verbs are given documents, and reading what they name. */
import { IsthmusError } from '../../core/errors.ts';
import { defaultNamespace } from '../../policy/documents.ts';
import { policyKinds } from '../../policy/kinds.ts';
import { documentsIn, type PolicyDocument } from '../../policy/read-documents.ts';
import type { Cli } from '../cli.ts';
import { readFiles } from './files.ts';

/** What `fileOptions` of `verb.ts` take. */
export interface FileOptions {
  readonly file?: readonly string[];
  readonly recursive?: boolean;
  readonly namespace?: string;
}

/**
 * The documents that the options name, all of them valid; undefined where any is not: every fault is told then, and the exit
 * code says so. What a document says that can't be honoured is told before anything comes of it. Throws FILE_UNREADABLE, and
 * CONFIG_INVALID where there is no document at all.
 */
export async function readPolicies(
  cli: Cli,
  { file = [], recursive = false, namespace = defaultNamespace }: FileOptions,
): Promise<readonly PolicyDocument[] | undefined> {
  const texts = await readFiles(cli, file, recursive);
  const { documents, faults } = documentsIn(texts, policyKinds, namespace);
  if (faults.length > 0) {
    cli.fail(faults);
    return undefined;
  }
  if (documents.length === 0) {
    throw new IsthmusError('CONFIG_INVALID', {
      what: 'There is no document',
      where: file.join(', '),
      fix: 'Name files or folders with documents; of folders within folders with -R.',
    });
  }
  for (const { unhonoured } of documents) for (const line of unhonoured) cli.warn(line);
  return documents;
}
