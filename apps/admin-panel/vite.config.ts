import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The backend serves dist/ under a strict Content-Security-Policy and replaces every __CSP_NONCE__ of index.html by
// the nonce of that answer, so nothing here may be inlined into the page.
export default defineConfig({
  plugins: [react()],
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 1_200,
  },
});
