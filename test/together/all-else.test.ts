/** Specifies what the files on all but the data side specify that can share a process. */
import { sharing } from './files.ts';
import { loadTogether } from './load.ts';

loadTogether(sharing('test').filter((file) => !file.startsWith('test/gateway/data/')));
