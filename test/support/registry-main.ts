/** Owns the program of `registry-process.ts`: an embedded registry and nothing else. Arguments: file, address. */
import { silentLog } from '../../core/log.ts';
import { startEmbeddedRegistry } from '../../registry/embedded/index.ts';

const [file = '', listen = ''] = process.argv.slice(2);
const registry = await startEmbeddedRegistry({ file, listen, log: silentLog });
console.log(registry.address);
