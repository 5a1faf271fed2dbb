/** Owns building the admin UI after `npm ci`; an install without development dependencies leaves it unbuilt and goes on. */
const needed = ['vite', '@preact/preset-vite', 'preact'];

function isInstalled(name) {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

const missing = needed.filter((name) => !isInstalled(name));
if (missing.length > 0) {
  console.log(`the admin UI is not built: ${missing.join(', ')} is not installed`);
} else {
  const { build } = await import('vite');
  await build({ configFile: `${import.meta.dirname}/vite.config.ts`, logLevel: 'warn' });
}
