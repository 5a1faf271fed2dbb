/** Owns the program that listens on a datagram socket of the file system, as systemd does, and prints what comes: a line of JSON for each datagram. */

import { dlopen } from 'node:ffi';
import { readSync } from 'node:fs';

const path = process.argv[2] ?? '';
const int = 'int32' as const;
const { functions } = dlopen(null, {
  socket: { arguments: [int, int, int], return: int },
  bind: { arguments: [int, 'buffer', 'uint32'], return: int },
});
// AF_UNIX, SOCK_DGRAM; a struct sockaddr_un.
const fd = functions.socket(1, 2, 0);
const address = Buffer.from(`\x01\0${path}\0`);
if (functions.bind(fd, address, address.length) !== 0) throw new Error(`can't bind ${path}`);
console.log('"listening"');
const buffer = Buffer.alloc(4096);
for (;;) console.log(JSON.stringify(buffer.toString('utf8', 0, readSync(fd, buffer))));
