export * from './certificate-id';
export * from './request';
export * from './responder-certificate';
export * from './response';
