/** Specifies that commands which documents, examples and errors tell people to type are commands. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createProgram } from '../../cli/main.ts';
import type { Verb } from '../../cli/verb.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md'];
const sources = [
  'core/**/*.ts',
  'federation/**/*.ts',
  'gateway/**/*.{ts,tsx,html}',
  'examples/**/*.ts',
];

/** Commands in code blocks, after any prompt; and those in back quotes, wherever they are. */
const patterns = [
  /^ {4,}(?:\w+\$ |\$ )?(isthmus .*)$/gm,
  /\\?`(isthmus [^`\\]+)\\?`/g,
  /<code>(isthmus [^<]+)</g,
  /^\s*\[?'(isthmus [^']+)', ?(?:'|"|$)/gm,
];

/** What a shell would make of it, as far as pipes, comments and quotes go; what a program fills in is a word like any other. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.replace(/\$\{[^}]*\}/g, 'X').split(/ [|>#] |\||\s{2,}#/);
  return [...command.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word).slice(1);
}

/** `isthmus VERB` stands for any. */
const isOneOfMany = (words: readonly string[]) => /^[A-Z]+$/.test(words[0] ?? '');

/** Why a command line is none; undefined for one that is. */
function objectionTo(program: Verb, words: readonly string[]): string | undefined {
  let verb: Verb = program;
  let given = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const sub = verb.commands.find((command) =>
      [command.name(), ...command.aliases()].includes(word),
    ) as Verb | undefined;
    // `get KIND`: any of them.
    if (isOneOfMany([word]) && verb.commands.length > 0) return undefined;
    if (word.startsWith('-') && word !== '-') {
      const options = [...verb.options, ...program.options];
      const option = options.find(({ short, long }) => word === short || word === long);
      if (!option && word !== '--help') return `${verb.path} has no ${word}`;
      if (option?.required) i++;
    } else if (sub && given === 0) verb = sub;
    else if (verb.commands.length > 0) return `${verb.path} has no ${word}`;
    else if (++given > verb.registeredArguments.length) return `${verb.path} takes no ${word}`;
  }
  return undefined;
}

for (const [where, globs] of Object.entries({ documents, sources })) {
  test(`${where} name no command that is not there, nor an option that it does not have`, async (t) => {
    const { program } = await createProgram(process);
    const wrong: string[] = [];
    let seen = 0;
    for (const file of globSync(globs, {
      cwd: root,
      exclude: ['**/node_modules/**', '**/dist/**', '**/completion/**'],
    })) {
      const written = await readFile(root + file, 'utf8');
      const text = written.replaceAll(/ \\\n\s*/g, ' '); // A command goes on after a backslash.
      for (const [, line = ''] of patterns.flatMap((pattern) => [...text.matchAll(pattern)])) {
        const words = wordsOf(line);
        if (isOneOfMany(words)) continue;
        seen++;
        const objection = objectionTo(program, words);
        if (objection) wrong.push(`${file}: ${line}: ${objection}`);
      }
    }
    t.deepEqual(wrong, []);
    t.true(seen > 20, `${seen} were looked at`);
  });
}
