import { type Db, GatewayRepository, GatewayTelemetryRepository } from '../src/index';
import { type Fixture, fixture } from './fixture';

/** Gateways as their reports make them, written with the writer's own account. */
export class TelemetryStage {
  f!: Fixture;
  db!: Db;
  writer!: GatewayTelemetryRepository;
  gateways!: GatewayRepository;

  async open(): Promise<void> {
    this.f = await fixture();
    this.db = await this.f.as('viw_telemetry_writer');
    this.writer = new GatewayTelemetryRepository({ retentionDays: 30 }, { db: this.db });
    this.gateways = new GatewayRepository({ db: this.f.db });
  }

  async stateOf(agent: string) {
    return (await this.gateways.get(agent))?.state;
  }
}

export function telemetryStage(): TelemetryStage {
  const stage = new TelemetryStage();
  beforeAll(() => stage.open());
  afterAll(() => stage.f.close());
  return stage;
}
