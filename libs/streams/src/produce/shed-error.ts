import { AppError } from '@viw/runtime';

/** Telemetry that was dropped because the producer was full: newer telemetry is on its way, so nobody retries. */
export class ShedError extends AppError {
  constructor(stream: string) {
    super('QUEUE_FULL', `telemetry for ${stream} was dropped, the producer is full`, { retryable: false });
  }
}
