/** Specifies what the files on the data side specify that can share a process. */
import { sharing } from './files.ts';
import { loadTogether } from './load.ts';

loadTogether(sharing('test/gateway/data'));
