import './zod-without-eval';

// All else comes after it, by an import of its own: pages that are loaded when they are opened share chunks with the
// first one, and a shared chunk runs before whatever imports it.
void import('./start');
