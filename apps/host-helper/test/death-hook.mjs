// Loaded by `node --import` into the helper under test, never by the product: ends the process by SIGKILL at the moment at
// which a journal entry gets its place. VIW_TEST_DIE: `<before|after> <how manieth>`; the first is a command's beginning, the
// second its end.
import fs from 'node:fs/promises';

const [when, nth] = (process.env.VIW_TEST_DIE ?? '').split(' ');
const rename = fs.rename;
let seen = 0;

fs.rename = async (from, to) => {
  const isDeath = /\/journal\/[0-9a-f-]{36}\.json$/.test(String(to)) && ++seen === Number(nth);
  if (isDeath && when === 'before') return process.kill(process.pid, 'SIGKILL');
  await rename(from, to);
  if (isDeath) process.kill(process.pid, 'SIGKILL');
};
