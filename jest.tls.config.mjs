// testssl.sh against the backend's TLS listener, on loopback: a few minutes. `make tls-check`.
import whole from './jest.config.cjs';

/** @type {import('jest').Config} */
export default {
  ...whole,
  rootDir: import.meta.dirname,
  testMatch: ['**/test/tls-check/*.tls-spec.ts'],
  maxWorkers: 1,
};
