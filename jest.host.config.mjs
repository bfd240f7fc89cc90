// Against what a gateway host really has (systemd, container engine, OpenVPN): as root, on a machine of one's own. `make host-check`.
import whole from './jest.config.cjs';

/** @type {import('jest').Config} */
export default {
  ...whole,
  rootDir: import.meta.dirname,
  testMatch: ['**/test/real-host/*.host-spec.ts'],
  maxWorkers: 1,
};
