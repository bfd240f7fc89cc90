// The walls of docs/architecture.md, enforced. `npm run walls` names the import that breaks one.
const agentSide = '^apps/(gateway-agent|host-helper)/';
const edge = '^apps/agent-bridge/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'apps-never-import-each-other',
      comment: 'Services meet only in streams and Postgres.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-never-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|tools)/' },
    },
    {
      name: 'no-deep-imports-of-libraries',
      comment: 'A library is used through its src/index.ts.',
      severity: 'error',
      from: { path: '^(apps|libs|tools)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^$1/$2/'] },
    },
    {
      name: 'hosts-know-neither-redis-nor-postgres',
      comment: 'What runs on a gateway host has no way to reach the control plane but its hub.',
      severity: 'error',
      from: { path: agentSide },
      to: {
        path: '(^libs/(database|streams|secrets|acme|ssh-deploy)/)|(node_modules/(pg|kysely|ioredis|ssh2)/)',
      },
    },
    {
      name: 'bridge-has-no-database',
      severity: 'error',
      from: { path: edge },
      to: { path: '(^libs/(database|secrets)/)|(node_modules/(pg|kysely)/)' },
    },
    {
      name: 'backend-has-no-agent-connection',
      severity: 'error',
      from: { path: '^apps/backend/' },
      to: { path: '(^libs/agent-auth/)|(node_modules/ws/)' },
    },
    {
      name: 'panel-talks-to-the-backend-only',
      severity: 'error',
      from: { path: '^apps/admin-panel/' },
      to: { path: '^libs/', pathNot: '^libs/(contracts|client)/' },
    },
    {
      name: 'command-line-talks-to-the-backend-only',
      severity: 'error',
      from: { path: '^apps/cli/' },
      to: {
        path: '(^(libs|tools)/)|(node_modules/(pg|kysely|ioredis|ssh2|ws)/)',
        pathNot: '^libs/(contracts|client|runtime)/',
      },
    },
    {
      name: 'contracts-depend-on-nothing-of-ours',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(libs|apps|tools)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'sql-only-in-the-database-library',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '(^libs/(database|testing)/)|(/test/)|(\\.spec\\.ts$)' },
      to: { path: 'node_modules/kysely/' },
    },
    {
      name: 'test-servers-only-in-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/[^/]+/src/', pathNot: '(^libs/testing/)|(\\.spec\\.ts$)' },
      to: { path: '^libs/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
