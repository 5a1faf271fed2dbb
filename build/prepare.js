/** Owns building after `npm ci`; an install without what that needs leaves the source to run, and goes on. */
const needed = ['rolldown', 'vite', '@preact/preset-vite', 'preact'];

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
  console.log(`nothing is built: ${missing.join(', ')} is not installed`);
} else {
  await import('./main.ts');
}
