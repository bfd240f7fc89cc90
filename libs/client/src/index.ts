export { createClient, type Client, type EventsQuery } from './client';
export type { CallOptions, ClientAuth, ClientOptions, WriteOptions } from './transport';
export { ApiError, UnexpectedAnswerError, UnreachableError } from './api-error';
export { liveEventFrom, type LiveEvent } from './live-event';
export type { CertificateListQuery } from './routes/certificates';
export type { CommandListQuery } from './routes/commands';
export type { DeadLetterListQuery } from './routes/dead-letters';
export type { GatewayListQuery, PointsQuery } from './routes/gateways';
export type { PageQuery } from './routes/servers';
