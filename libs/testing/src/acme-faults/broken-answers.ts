import type { AcmeFault, AcmeRequest } from './fault';

type Matches = (request: AcmeRequest) => boolean;

/** The CA's server error, with no problem document, for so many of the requests that match. */
export function serverErrors(matches: Matches, times = Infinity): AcmeFault {
  let left = times;
  return {
    answer: (request) =>
      matches(request) && left-- > 0
        ? { status: 500, headers: { 'content-type': 'text/html' }, body: '<h1>oops</h1>' }
        : undefined,
  };
}

/** A success whose body is cut in the middle. */
export const cutBodies = (matches: Matches): AcmeFault => ({
  change: (request, answer) =>
    matches(request) && answer.status < 300
      ? { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) }
      : answer,
});
