export { cutBodies, serverErrors } from './broken-answers';
export { type AcmeAnswer, type AcmeFault, type AcmeRequest, changeJson, problemAnswer } from './fault';
export { type FaultProxy, startFaultProxy } from './fault-proxy';
export { prettyJson } from './pretty-json';
export { rateLimit } from './rate-limit';
export { type RenewalWindow, type RenewalWindows, renewalWindows } from './renewal-windows';
export { replacedAlready } from './replaced-already';
export { slowAnswers } from './slow-answers';
export { unknownChallenges } from './unknown-challenges';
