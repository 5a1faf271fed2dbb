/** Owns the manual page isthmus(1): what the command says of itself, in troff. */
import type { Argument, Option } from 'commander';
import { exitCodes } from '../cli/exit.ts';
import { createProgram } from '../cli/main.ts';
import type { Verb } from '../cli/verb.ts';

/** `date` is shown at its foot: `2026-12-01`. */
export async function manualPage(version: string, date: string): Promise<string> {
  const { program } = await createProgram(process, 'completion');
  const verbs = below(program).filter((verb) => verb.commands.length === 0);
  return `.\\" Made of what the command says of itself.
.TH ISTHMUS 1 "${date}" "isthmus ${version}" "User Commands"
.SH NAME
isthmus \\- federation gateway between datacenters
.SH SYNOPSIS
.B isthmus
.I verb
.RI [ options ]
.SH DESCRIPTION
${escaped(program.description())}
Each verb has examples in its own help:
.BR "isthmus " \\fIverb\\fR " \\-\\-help" .
.SH VERBS
${verbs.map(verbText).join('\n')}
.SH GLOBAL OPTIONS
${program.options.map(optionText).join('\n')}
.SH EXIT STATUS
${Object.entries(exitCodes).map(exitText).join('\n')}
.SH FILES
${Object.entries(files)
  .map(([path, what]) => `.TP\n.I ${escaped(path)}\n${escaped(what)}`)
  .join('\n')}
.SH SEE ALSO
.BR systemctl (1),
.BR systemd.service (5)
`;
}

const files = {
  '/etc/isthmus/gateway.yaml': 'Configuration of the gateway that isthmus.service runs.',
  '/var/lib/isthmus': 'Its keys, membership and caches. Back up ca/ and federation.json.',
  '~/.config/isthmus/config.yaml': 'Contexts of the command: which gateways it knows.',
} as const;

/** Every verb of `of` and theirs, as help shows them. */
function below(of: Verb): Verb[] {
  const help = of.createHelp();
  const own = help.visibleCommands(of).filter((verb) => of.commands.includes(verb)) as Verb[];
  return own.flatMap((verb) => [verb, ...below(verb)]);
}

function verbText(verb: Verb): string {
  const help = verb.createHelp();
  const names = [verb.path.replace(/^isthmus /, ''), ...verb.registeredArguments.map(argumentText)];
  const options = help.visibleOptions(verb).filter((option) => option.long !== '--help');
  return [
    `.SS ${escaped(names.join(' '))}`,
    escaped(verb.description()),
    ...options.map(optionText),
    ...verb.shownExamples.map(
      ([line, does]) =>
        `.PP\n${escaped(capital(does))}:\n.PP\n.RS\n.EX\n${escaped(line)}\n.EE\n.RE`,
    ),
  ].join('\n');
}

function argumentText(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionText({ flags, description }: Option): string {
  return `.TP\n.B ${escaped(flags)}\n${escaped(description)}`;
}

function exitText([name, code]: readonly [string, number]): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `.TP\n.B ${code}\n${escaped(words)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A line may not begin as a request does, and a hyphen is one that can be copied. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}
