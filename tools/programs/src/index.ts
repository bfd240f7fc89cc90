export { bundleOf } from './bundle';
export { firstApiKey } from './first-api-key';
export { type Secrets, makeSecrets } from './secrets';
export { serviceAccount } from './service-account';
export type {
  BackendOptions,
  CertWorkerOptions,
  HubOptions,
  HubTls,
  WriterOptions,
  WriterService,
} from './service-programs';
export { backendProgram, certWorkerProgram, hubProgram, writerProgram } from './service-programs';
