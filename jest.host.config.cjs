// Against what a gateway host really has (container engine, OpenVPN): as root, on a host of one's own. `make host-check`.
const whole = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = { ...whole, testMatch: ['**/test/real-host/*.host-spec.ts'], maxWorkers: 1 };
