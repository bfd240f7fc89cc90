import { readFileSync, readdirSync } from 'node:fs';

interface Entry {
  pid: number;
  parent: number;
  state: string;
}

/** Whether the process still runs. A zombie (dead, its parent has not asked yet) does not. */
export function isAlive(pid: number): boolean {
  const entry = readEntry(pid);
  if (entry) return entry.state !== 'Z' && entry.state !== 'X';
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Living children, grandchildren, … of a process, parents first. Empty where there is no /proc. */
export function descendants(pid: number): number[] {
  const all = readAll().filter((entry) => entry.state !== 'Z');
  const found: number[] = [];
  const queue = [pid];
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    for (const entry of all) {
      if (entry.parent !== parent) continue;
      found.push(entry.pid);
      queue.push(entry.pid);
    }
  }
  return found;
}

function readAll(): Entry[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.filter((name) => /^\d+$/.test(name)).flatMap((name) => readEntry(Number(name)) ?? []);
}

/** `/proc/<pid>/stat`, proc(5): `pid (name) state ppid …`; the name may itself contain spaces and brackets. */
function readEntry(pid: number): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state };
  } catch {
    return undefined;
  }
}
