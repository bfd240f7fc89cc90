import type { Client } from '@viw/client';
import { eventually, servedCertificate } from '@viw/testing';
import type { DemoManifest } from '../manifest';

/** Orders a certificate for the managed server's names and compares what NGINX serves with what was issued. */
export async function issueAndServe(api: Client, manifest: DemoManifest): Promise<void> {
  const [server] = manifest.servers;
  if (!server) throw new Error('certificates are left out on this machine: `make demo` says why');
  const { items: virtualHosts } = await api.servers.virtualHosts(server.id);
  const { certificate_id, operation_id } = await api.certificates.create({
    names: server.names,
    deploy_to: virtualHosts.map((host) => host.id),
  });
  const ended = await eventually(
    async () => {
      const operation = await api.operations.get(operation_id);
      if (operation.status === 'succeeded' || operation.status === 'failed') return operation;
      const steps = operation.steps.map((step) => `${step.step} ${step.status}`).join(', ');
      throw new Error(`the operation is ${operation.status} (${steps})`);
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'the certificate operation' },
  );
  if (ended.status === 'failed') throw new Error(`the operation failed: ${ended.error?.msg ?? 'no reason'}`);
  const certificate = await api.certificates.get(certificate_id);
  const issued = certificate.current_version?.fingerprint_sha256.replaceAll(':', '').toLowerCase();
  for (const name of server.names) {
    const served = await servedCertificate({ port: server.https_port, servername: name });
    const fingerprint = served.fingerprint256.replaceAll(':', '').toLowerCase();
    if (fingerprint !== issued)
      throw new Error(`${name}: served ${fingerprint}, issued ${issued ?? 'nothing'}`);
  }
}
