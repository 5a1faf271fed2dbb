/** Owns how the admin UI is built: into hashed files that a strict Content-Security-Policy lets run. */
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { compressFiles } from './compress-files.ts';

/** The gateway that `vite dev` shows; a built UI is served by the gateway itself. */
const admin = process.env['ISTHMUS_ADMIN'] ?? 'http://127.0.0.1:7001';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [preact(), compressFiles()],
  build: {
    emptyOutDir: true,
    target: 'es2023',
    // No data: URLs and no inline script, so that the policy needs neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What is asked for together comes together: small files compress badly.
        codeSplitting: {
          groups: [
            { name: 'preact', test: /node_modules\/(@preact|preact|preact-iso)\//, priority: 4 },
            {
              name: 'shared',
              test: /src\/((api|format|live|shell|url|views\/shared)\/|ui\/(?!chart|time-series))/,
              priority: 3,
            },
            { name: 'charts', test: /uplot|ui\/(chart|time-series)\.tsx$/, priority: 2 },
            { name: 'drills', test: /src\/views\/drills\//, priority: 1 },
            { name: 'policies', test: /src\/views\/policies\//, priority: 1 },
            { name: 'journal', test: /src\/views\/events\//, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '^/clusters/[^/]+/', '/openapi.json', '/metrics'].map((path) => [
        path,
        {
          target: admin,
          changeOrigin: true,
          // The gateway takes writes from its own origin only; here that is the developer's.
          configure: (proxy) => proxy.on('proxyReq', (request) => request.removeHeader('origin')),
        },
      ]),
    ),
  },
});
