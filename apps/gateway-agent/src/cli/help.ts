/** `viw-agent --help`. */
export const help = `viw-agent: the agent of a viw gateway host

  viw-agent [run]      connects to a hub, reports the host, carries out commands
  viw-agent enroll     makes this host a gateway, by a one-time token
      --url=URL            of the backend, https://…
      --token-file=FILE    holds the token; - for standard input
      --helper-keys=FILE   what "viw-host-helper keys" prints; without it the helper's socket is asked
      --no-helper          this host has no helper: it only reports
      --command-keys=FILE  also write the trusted command keys there, for the helper (HOST_HELPER_TRUSTED_KEYS_FILE)
      --ca-file=FILE       PEM certificates that may sign the backend's
      --pin=PIN            base64 SHA-256 of the backend's SubjectPublicKeyInfo; may be given several times
      --force              replace an earlier enrolment
  viw-agent renew      replaces the agent's key and certificate now; the session that is open stays
  viw-agent status     what the running agent is doing; exit status 1 when it is not connected
      --json
  viw-agent doctor     checks everything the agent depends on and says what to do; exit status 1 when something is wrong
      --json
      --scripts-dir=DIR    of the helper; /opt/Viworks/scripts_viworks by default
  viw-agent --version, viw-agent --help

Settings are flags of every command, and stronger than the environment, which is stronger than
config/gateway-agent.toml (VIW_CONFIG_DIR), which is stronger than what enrolment has said:

  --hub-url=wss://a,wss://b    GATEWAY_AGENT_HUB_URL    hub_url
  --state-dir=/var/lib/…       GATEWAY_AGENT_STATE_DIR  state_dir

Secrets are taken from the environment (NAME, or NAME_FILE for a file that holds it) and the file only.
`;
