/** Owns the start of Terraform's provider on a supported Node.js. Standard output is the handshake's: whatever is wrong is said on the other. */
import { moduleOf } from './build.js';
import { keepCompiled } from './compile-cache.js';
import { isSupportedNode, minimumNode } from './supported-node.js';

if (isSupportedNode(process.version)) {
  keepCompiled();
  await import(moduleOf('terraform-provider-main.js', 'terraform/provider/main.ts'));
} else {
  process.stderr.write(
    `error NODE_UNSUPPORTED: Isthmus needs Node.js ${minimumNode} or later and this is ${process.version} (${process.execPath})\n  fix: Install it beside Isthmus: \`npm ci\`.\n`,
  );
  process.exitCode = 1;
}
