import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { AppError } from '@viw/runtime';

const ANSWER_BYTES = 4 * 1024 * 1024;

/** Lines that OpenVPN sends on its own begin with this. */
const isNotice = (line: string): boolean => line.startsWith('>');

/**
 * One command to OpenVPN's management interface over its Unix socket (openvpn(8) `--management <path> unix`,
 * management-notes.txt). OpenVPN serves one client at a time, so the connection is closed right after the answer.
 *
 * @param isLast whether the line ends the answer
 * @returns the answer's lines, without notices
 * @throws AppError INTERNAL_ERROR when it does not answer, EXEC_TIMEOUT when not in time (also while another has it)
 */
export function manage(
  socketPath: string,
  command: string,
  isLast: (line: string) => boolean,
  deadline: number,
): Promise<string[]> {
  if (/[\r\n\0]/.test(command)) throw new AppError('INTERNAL_ERROR', 'a command is one line');
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(socketPath);
    const lines: string[] = [];
    let [rest, size] = ['', 0];
    const end = (act: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const fail = (why: string, cause?: Error): void =>
      end(() => reject(new AppError('INTERNAL_ERROR', why, cause && { cause })));
    const timer = setTimeout(
      () => end(() => reject(new AppError('EXEC_TIMEOUT', 'OpenVPN did not answer in time'))),
      Math.max(1, deadline - Date.now()),
    );
    socket.setEncoding('utf8');
    socket.on('error', (error) => fail('OpenVPN’s management interface does not answer', error));
    socket.on('close', () => fail('OpenVPN’s management interface closed without an answer'));
    socket.on('data', (chunk: string) => {
      size += chunk.length;
      if (size > ANSWER_BYTES) return fail('OpenVPN’s answer is too large');
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = part.replace(/\r$/, '');
        if (isNotice(line)) continue;
        lines.push(line);
        if (isLast(line) || line.startsWith('ERROR:')) return end(() => resolve(lines));
      }
      if (rest.startsWith('ENTER PASSWORD:'))
        fail('OpenVPN’s management interface asks for a password: use its socket’s permissions instead');
    });
    socket.write(`${command}\n`);
  });
}
