import { agentId, helperSocketPath } from '@viw/contracts';
import { zBool, zCsv, zInt, zSecret, LOG_LEVELS } from '@viw/runtime';
import { z } from 'zod';

export const service = 'host-helper';

const absolutePath = () => z.string('an absolute path').regex(/^\//, 'an absolute path');

/** Needed as soon as the helper is switched on; `viw-host-helper keys` and a disabled helper do without them. */
const neededWhenEnabled = ['HOST_HELPER_AGENT_ID', 'HOST_HELPER_SECRET'] as const;

export const configSchema = z
  .object({
    HOST_HELPER_ENABLED: zBool().default(false),
    /** The gateway this host is. Requests and signed commands for another one are refused. */
    HOST_HELPER_AGENT_ID: agentId.optional(),
    HOST_HELPER_SOCKET: absolutePath().default(helperSocketPath),
    /** Set by systemd when it has made the socket and hands it over (sd_listen_fds(3)); then the path above is not used. */
    LISTEN_PID: zInt({ min: 1, max: 4_194_304 }).optional(),
    LISTEN_FDS: zInt({ min: 0, max: 1_024 }).optional(),
    /** Group (name or number) that may connect; without it only the helper's own group may. */
    HOST_HELPER_SOCKET_GROUP: z.string().min(1).optional(),
    /** Shared with the agent of this host; usually by HOST_HELPER_SECRET_FILE. */
    HOST_HELPER_SECRET: zSecret(32).optional(),
    /** Private sealing and signing keys of this host, made on first use. */
    HOST_HELPER_KEYS_DIR: absolutePath().default('/var/lib/viworks/host-helper/keys'),
    /** JWKS of the backend's command signing keys, as pinned; read again when it changes. Signed policies lead to later ones. */
    HOST_HELPER_TRUSTED_KEYS_FILE: absolutePath().default('/etc/viworks/command-keys.json'),
    /** False lets the agent ask for anything by itself. For hosts without a signing backend only. */
    HOST_HELPER_REQUIRE_JWS: zBool().default(true),
    HOST_HELPER_SCRIPTS_ROOT: absolutePath().default('/opt/Viworks/scripts_viworks'),
    /** Journal of commands and working directories of their programs. */
    HOST_HELPER_STATE_DIR: absolutePath().default('/var/lib/viworks/host-helper'),
    /** Services whose states are reported. */
    HOST_HELPER_SERVICES: zCsv().prefault('openvpn,fwknop,nginx'),
    /** Units whose logs `tail_logs` may show. */
    HOST_HELPER_LOG_UNITS: zCsv().prefault('openvpn,fwknop,nginx'),
    /** Folder of `<unit>.log` files, for hosts without journald. */
    HOST_HELPER_LOG_DIR: absolutePath().optional(),
    /** Services that `reload_service` may touch. */
    HOST_HELPER_RELOAD_SERVICES: zCsv().prefault('openvpn,fwknop,nginx'),
    /** Unit of the agent, which `restart_agent` restarts. */
    HOST_HELPER_AGENT_UNIT: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9@:_.-]*$/)
      .default('viw-agent.service'),
    /** Socket of the Docker or Podman engine; without it there are no session containers. */
    HOST_HELPER_ENGINE_SOCKET: absolutePath().optional(),
    /** Images that sessions may use, or repositories with all their tags; the first is the default. */
    HOST_HELPER_SESSION_IMAGES: zCsv().prefault(''),
    /** Networks of the engine for the egress profiles; a profile without one cannot be asked for. */
    HOST_HELPER_NETWORK_DEFAULT: z.string().min(1).optional(),
    HOST_HELPER_NETWORK_STRICT: z.string().min(1).optional(),
    /** Socket of OpenVPN's management interface (`management <path> unix`); without it VPN sessions are not seen. */
    HOST_HELPER_OPENVPN_SOCKET: absolutePath().optional(),
    /** Upper bound on every verb's own timeout, in seconds. */
    HOST_HELPER_TIMEOUT_MAX_S: zInt({ min: 1, max: 3_600 }).default(300),
    HOST_HELPER_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  })
  .superRefine((config, context) => {
    if (!config.HOST_HELPER_ENABLED) return;
    for (const name of neededWhenEnabled) {
      if (config[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: 'a value when the helper is enabled' });
    }
  });

export type Config = z.output<typeof configSchema>;
