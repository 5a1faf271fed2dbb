/** Specifies which folders CONTRIBUTING's listing has to describe. */
import test from 'ava';
import { undescribedFolders } from '../../checks/folders.ts';

const listing = `# Contributing

## The house

    core/     shared ground
    gateway/  the process; odd/ is within

The data side, \`gateway/data/\`, carries traffic:

    wire/     octets: http1/
    link/ far/   connections

## How we write

    other/    is no folder of the house
`;
const described = [
  'core/errors.ts',
  'gateway/main.ts',
  'gateway/odd/a.ts',
  'gateway/data/wire/http1/a.ts',
  'gateway/data/link/a.ts',
  'gateway/data/far/a.ts',
];

test('a folder is described at the head of a line, or in the words of the line of the folder it is in', (t) => {
  t.deepEqual(undescribedFolders(listing, described), []);
});

test('a folder that no line names is found, and so is one that is gone', (t) => {
  const paths = [...described.slice(1), 'gateway/data/wire/http2/a.ts', 'http1/a.ts'];
  t.deepEqual(undescribedFolders(listing, paths), [
    "gateway/data/wire/http2/ is not described in CONTRIBUTING's listing",
    "http1/ is not described in CONTRIBUTING's listing",
    "core/ is in CONTRIBUTING's listing, and not there",
  ]);
});
