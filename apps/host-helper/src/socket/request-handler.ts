import { crc32 } from 'node:zlib';
import { hostPolicyVerb, signResult } from '@viw/commands';
import type { HostTrust, PrivateSigningKey } from '@viw/commands';
import { hostPolicies } from '@viw/contracts';
import type { HelperReply, HelperRequest } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { AtMostOnce, Carried, UnsignedReply } from '../execution/at-most-once';
import type { AuditCounts } from '../audit/audit-counts';
import { argsHasher } from '../audit/args-hash';
import { toAgentError } from '../agent-error';
import type { CommandVerification, Authorised } from '../checks/command-verification';
import type { RequestAuthentication } from '../checks/request-authentication';

export interface RequestHandlerDeps {
  readonly gate: RequestAuthentication;
  readonly authorisation: CommandVerification;
  readonly trust: Pick<HostTrust, 'adopt'>;
  readonly actions: AtMostOnce;
  readonly signingKey: PrivateSigningKey;
  readonly counts: Pick<AuditCounts, 'note'>;
  readonly logger: Logger;
}

const nothing = { rc: null, stdout: '', stderr: '', truncated: false, duration_ms: 0 } as const;

/** `denied`: nothing was done. */
export function refusal(error: unknown): UnsignedReply {
  return { ...nothing, status: 'denied', error: toAgentError(error) };
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** One message of the socket → one reply. Never throws; whatever came in, the reply says precisely what was wrong. */
export class RequestHandler {
  readonly #deps: RequestHandlerDeps;
  readonly #auditHash: (argsHash: string) => string;

  constructor(deps: RequestHandlerDeps) {
    this.#deps = deps;
    this.#auditHash = argsHasher(deps.signingKey);
  }

  async handle(message: unknown): Promise<HelperReply> {
    let request: HelperRequest;
    try {
      request = this.#deps.gate.admit(message);
    } catch (error) {
      const reply = refusal(error);
      this.#deps.logger.warn({ event: 'request_refused', code: reply.error?.code }, 'request refused');
      return reply;
    }
    const reply = request.verb === hostPolicyVerb ? await this.#adopt(request) : await this.#answer(request);
    const { correlation_id, agent_id, verb } = request;
    const sig = await signResult(this.#deps.signingKey, { ...reply, correlation_id, agent_id, verb });
    return { ...reply, sig };
  }

  /** What the backend says of itself needs no signed command around it: each policy is signed, and proves itself. */
  async #adopt({ args }: HelperRequest): Promise<UnsignedReply> {
    try {
      const policies = hostPolicies.safeParse(args['policies']);
      if (!policies.success) throw new AppError('SCHEMA_MISMATCH', 'policies: a list of signed policies');
      const { version, frozen } = await this.#deps.trust.adopt(policies.data);
      return { ...nothing, status: 'success', stdout: JSON.stringify({ version, frozen }) };
    } catch (error) {
      const reply = refusal(error);
      this.#deps.logger.warn({ event: 'host_policies_refused', code: reply.error?.code }, 'policies refused');
      return reply;
    }
  }

  async #answer(request: HelperRequest): Promise<UnsignedReply> {
    let authorised: Authorised | undefined;
    try {
      authorised = await this.#deps.authorisation.authorise(request);
      const carried = await this.#deps.actions.carryOut(authorised);
      this.#audit(request, authorised, carried);
      return carried.reply;
    } catch (error) {
      const reply = refusal(error);
      if (reply.error?.code === 'INTERNAL_ERROR') {
        this.#deps.logger.error({ event: 'request_failed', verb: request.verb, error }, 'request failed');
      }
      this.#audit(request, authorised, { reply, duplicate: false });
      return reply;
    }
  }

  /** One line per action; the agent's own readings, every few seconds, only at level debug. */
  #audit(request: HelperRequest, authorised: Authorised | undefined, { reply, duplicate }: Carried): void {
    if (authorised?.local !== true) this.#deps.counts.note(request.verb, reply);
    this.#deps.logger[authorised?.local === true ? 'debug' : 'info'](
      {
        event: 'action',
        agent_id: request.agent_id,
        verb: request.verb,
        correlation_id: request.correlation_id,
        args_hash: authorised === undefined ? null : this.#auditHash(authorised.argsHash),
        status: reply.status,
        code: reply.error?.code ?? null,
        rc: reply.rc,
        duration_ms: reply.duration_ms,
        stdout_crc32: checksum(reply.stdout),
        stderr_crc32: checksum(reply.stderr),
        duplicate,
      },
      'action',
    );
  }
}
