/** Owns nothing: the demo's bad network, where the tests look for it. */
export * from '../../examples/demo/tcp-proxy.ts';
