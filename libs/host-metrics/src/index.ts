export * from './host-metrics-reader';
export * from './process-states';
export * from './service-states';
export * from './systemd-states';
