/** Owns the completion script for fish. */
import {
  type OptionOffer,
  type Place,
  reachFlags,
  steps,
  type Values,
  valueOptions,
} from './places.ts';

export function fishCompletion(places: readonly Place[]): string {
  return `# Completion of isthmus for fish. Load it with: isthmus completion fish | source
# or put it into ~/.config/fish/completions/isthmus.fish.

function __isthmus_place
    set -l place ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        if contains -- $word ${valueOptions(places).join(' ')}
            set skip 1
        else if contains -- "$place/$word" ${steps(places).map(quotedForFish).join(' ')}
            set place (string trim "$place $word")
        end
    end
    echo $place
end

function __isthmus_at
    test (__isthmus_place) = "$argv[1]"
end

function __isthmus_live
    set -l flags
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        if contains -- $words[$i] ${reachFlags.join(' ')}
            set -a flags $words[$i] (string replace -r '^~/' "$HOME/" -- $words[(math $i + 1)])
        end
    end
    isthmus $flags __complete $argv[1] 2>/dev/null
end

complete -c isthmus -f
${places.flatMap(placeLines).join('\n')}
`;
}

function placeLines({ argument, options, path, verbs }: Place): string[] {
  const at = `complete -c isthmus -n ${quotedForFish(`__isthmus_at "${path}"`)}`;
  const values = verbs.length === 0 ? offer(argument) : '';
  return [
    ...verbs.map(({ description, word }) => `${at} -a ${word} -d ${quotedForFish(description)}`),
    ...(values === '' ? [] : [`${at} ${values}`]),
    ...options.map((option) => `${at} ${optionText(option)}`),
  ];
}

function optionText({ description, values, words }: OptionOffer): string {
  const names = words.map((word) =>
    word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
  );
  const takes = values === undefined ? '' : ` -r ${offer(values)}`.trimEnd();
  return `${names.join(' ')}${takes} -d ${quotedForFish(description)}`;
}

function offer(values: Values): string {
  if (values.kind === 'words') return `-f -a ${quotedForFish(values.words.join(' '))}`;
  if (values.kind === 'live') return `-f -a '(__isthmus_live ${values.of})'`;
  if (values.kind === 'files') return '-F';
  return values.kind === 'folders' ? "-f -a '(__fish_complete_directories)'" : '';
}

function quotedForFish(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
