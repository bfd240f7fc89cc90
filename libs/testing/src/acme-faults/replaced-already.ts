import { problemAnswer, type AcmeFault } from './fault';

/** Every order that says which certificate it replaces is refused: another one has replaced that (RFC 9773 section 5). */
export const replacedAlready = (): AcmeFault => ({
  answer: ({ payload }) =>
    payload?.['replaces'] === undefined
      ? undefined
      : problemAnswer(409, 'alreadyReplaced', 'the certificate has been replaced by another order'),
});
