/** Owns nginx in tests: a real HTTP/1.1 server with a folder of its own, as an endpoint that nobody here wrote. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePorts } from '../../examples/demo/processes.ts';
import { startServer } from './programs.ts';
import { tempDir } from './temp-dir.ts';

export interface Nginx {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Folder whose files it serves, and where uploads go. */
  readonly root: string;
}

/** Starts one server; `directives` are added to its `server` block. Files of its root are served unless they say otherwise. */
export async function startNginx(
  t: Pick<ExecutionContext, 'teardown'>,
  directives: string,
): Promise<Nginx> {
  const dir = await tempDir(t);
  const root = join(dir, 'www');
  await mkdir(root);
  const [port = 0] = await freePorts(1);
  const config = join(dir, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${dir}/${kind};`)
    .join(' ');
  await writeFile(
    config,
    `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${dir}/pid;
    worker_processes 1;
    events { worker_connections 1024; }
    http {
      access_log off;
      ${temporary}
      server {
        listen 127.0.0.1:${port};
        root ${root};
        ${directives}
      }
    }`,
  );
  await startServer(t, port, 'nginx', ['-p', dir, '-c', config, '-e', 'stderr']);
  return { address: `127.0.0.1:${port}`, root };
}
