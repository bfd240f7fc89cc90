export * from './problem';
export * from './session';
export * from './gateways';
export * from './commands';
export * from './servers';
export * from './certificates';
export * from './events';
export * from './dead-letters';
