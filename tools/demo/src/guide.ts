import type { RunningDemo } from './product';

/** What the person who started the demo is told. */
export function guide(demo: RunningDemo, elapsed: string): string {
  const manifest = demo.manifest();
  const [gateway] = manifest.gateways;
  const [server] = manifest.servers;
  const lines = [
    '',
    `viw demo: ready after ${elapsed}`,
    '',
    `  Panel     ${manifest.panel_url}`,
    `  Sign in   ${manifest.admin.email}   password ${manifest.admin.password}`,
    `  API       ${manifest.api_url}/openapi.json   (key in ${demo.layout.manifest})`,
    `  Logs      ${demo.layout.logs}`,
    '',
    '  To try:',
    `  1. Gateways → ${gateway?.agent_id ?? ''} → Run command → create_panel_user. The user then stands in`,
    `     ${gateway?.scripts_root ?? ''}/state`,
  ];
  if (server) {
    lines.push(
      `  2. Certificates → Issue and deploy → ${server.names.join(', ')}; then look at what is served:`,
      `     openssl s_client -connect 127.0.0.1:${server.https_port} -servername ${server.names[0] ?? ''} </dev/null | openssl x509 -noout -issuer -dates`,
    );
  } else {
    lines.push('  2. Certificates are left out on this machine; the start has said why.');
  }
  const bridge = manifest.processes.find((each) => each.name === 'agent-bridge');
  lines.push(
    `  3. kill -9 ${bridge?.pid ?? ''} (the hub) and watch it come back.`,
    `  4. Let an agent deployed before viw dial ${manifest.bridge_url}: here it is ${manifest.legacy_agent_id}.`,
    '',
    '  Ctrl-C ends all of it.',
    '',
  );
  return lines.join('\n');
}
