export * from './authority';
export * from './authority-profiles';
export * from './certificate-request';
export * from './client-profile';
export type { IssuedCertificate } from './issue';
export * from './make-request';
export * from './ocsp';
export * from './revocation-list';
export * from './service-profiles';
