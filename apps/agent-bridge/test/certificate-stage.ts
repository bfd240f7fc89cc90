import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegistryStage } from './registry-stage';
import { uniqueAgent } from './test-agent';
import { TestCa } from './test-ca';
import type { TestHub } from './test-hub';
import { active } from './test-registry';

/** Hubs, a registry, an issuer of client certificates, and one that nobody trusts. */
export class CertificateStage extends RegistryStage {
  ca!: TestCa;
  foreign!: TestCa;
  /** For files of a test. */
  dir!: string;

  override async open(): Promise<void> {
    await super.open();
    [this.ca, this.foreign] = [await TestCa.create(), await TestCa.create()];
    this.dir = await mkdtemp(join(tmpdir(), 'viw-mtls-'));
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.all([this.ca.remove(), this.foreign.remove(), rm(this.dir, { recursive: true })]);
  }

  /** A gateway with a certificate whose SHA-256 is registered for it. */
  async pinned(hub: TestHub, state: 'active' | 'revoked' | 'decommissioned' = 'active') {
    const id = uniqueAgent();
    const leaf = await this.ca.issue({ subject: `/CN=${id}` });
    await this.registry.gateway({ ...active(id, { certificate_sha256: leaf.sha256 }), state });
    await this.settled(hub);
    return { id, leaf };
  }
}

export function certificateStage(): CertificateStage {
  const stage = new CertificateStage();
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  return stage;
}
