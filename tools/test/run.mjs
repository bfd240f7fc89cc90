// Runs every check in order and ends with a line `N passed, N failed`. A stage that fails does not hide the later ones.
// --static: formatting, lint, walls and types only.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const staticOnly = process.argv.includes('--static');
const scratch = mkdtempSync(join(tmpdir(), 'viw-test-'));
const totals = { passed: 0, failed: 0 };
const rows = [];

/** Runs one stage. `count` reads how many checks it held from what it left behind; without it a stage counts as one. */
function stage(name, argv, count) {
  process.stderr.write(`\n── ${name}\n`);
  const started = Date.now();
  const run = spawnSync(argv[0], argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });
  const ok = run.status === 0;
  const counted = count?.(ok) ?? { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  if (!ok && counted.failed === 0) counted.failed = 1;
  totals.passed += counted.passed;
  totals.failed += counted.failed;
  rows.push({ name, ok, seconds: (Date.now() - started) / 1000, ...counted });
  return ok;
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function jestCount(file) {
  const report = readJson(file);
  if (!report) return { passed: 0, failed: 1 };
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}

function demoCount(file) {
  const report = readJson(file);
  if (!report) return { passed: 0, failed: 1 };
  return {
    passed: report.steps.filter((step) => step.ok).length,
    failed: report.steps.filter((step) => !step.ok).length,
  };
}

stage('formatting', ['npm', 'run', '--silent', 'format:check', '--', '--log-level', 'warn']);
stage('lint', ['npm', 'run', '--silent', 'lint']);
stage('walls', ['npm', 'run', '--silent', 'walls']);
stage('types', ['npm', 'run', '--silent', 'typecheck']);
if (!staticOnly) {
  const built = stage('build', ['npm', 'run', '--silent', 'build']);
  const jestReport = join(scratch, 'jest.json');
  stage('unit and integration tests', ['npx', 'jest', '--json', `--outputFile=${jestReport}`], () =>
    jestCount(jestReport),
  );
  if (built) {
    const demoReport = join(scratch, 'demo-check.json');
    stage('demo-check', ['node', 'tools/demo/dist/main.js', '--check', `--report=${demoReport}`], () =>
      demoCount(demoReport),
    );
  }
}
rmSync(scratch, { recursive: true, force: true });

process.stdout.write('\n');
for (const row of rows) {
  const verdict = row.ok ? 'ok    ' : 'FAILED';
  process.stdout.write(
    `${verdict} ${row.name.padEnd(28)} ${row.seconds.toFixed(1).padStart(7)} s  ${row.passed} passed, ${row.failed} failed\n`,
  );
}
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
