import { changeJson, type AcmeFault } from './fault';

/** A directory that names profiles; orders reach the CA with theirs. */
export const profiles = (...names: string[]): AcmeFault => ({
  change: ({ path }, answer) =>
    path === '/dir'
      ? changeJson(answer, (directory) => ({
          ...directory,
          meta: {
            ...(directory['meta'] as object),
            profiles: Object.fromEntries(names.map((name) => [name, `https://ca.example/${name}`])),
          },
        }))
      : answer,
});
