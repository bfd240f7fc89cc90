import type { X509Certificate } from 'node:crypto';
import { agentId as agentIdSchema, gatewayUri } from '@viw/contracts';

const PLACEHOLDER = '{agent_id}';
const ATTRIBUTE = /^(CN|O|OU|C|ST|L|serialNumber)=([^,=+<>#;"\\]{1,128})$/;

/** What the subject of a gateway's certificate says. */
export type SubjectPolicy = readonly { readonly name: string; readonly value: string }[];

/**
 * `CN={agent_id},O=Viworks`: each attribute once, exactly one of them the agent id. Undefined for anything else.
 */
export function parseSubjectPolicy(text: string): SubjectPolicy | undefined {
  const attributes = text.split(',').map((part) => ATTRIBUTE.exec(part.trim()));
  const policy = attributes.flatMap((match) =>
    match ? [{ name: match[1] ?? '', value: match[2] ?? '' }] : [],
  );
  const names = new Set(policy.map(({ name }) => name));
  const agents = policy.filter(({ value }) => value === PLACEHOLDER);
  const fits = policy.length === attributes.length && names.size === policy.length && agents.length === 1;
  return fits ? policy : undefined;
}

/**
 * The gateway that a certificate names: by its subject, which must be as the policy says, and by a subject alternative
 * name for the same id (`DNS:<agent id>` or `URI:` of `gatewayUri`). Undefined when it names none.
 */
export function gatewayNamedBy(certificate: X509Certificate, policy: SubjectPolicy): string | undefined {
  // An attribute that stands there twice is an array.
  const subject = new Map<string, unknown>(Object.entries(certificate.toLegacyObject().subject));
  let agentId: string | undefined;
  for (const { name, value } of policy) {
    const its = subject.get(name);
    if (value === PLACEHOLDER) agentId = agentIdSchema.safeParse(its).data;
    else if (its !== value) return undefined;
  }
  if (agentId === undefined) return undefined;
  // A comma within a name is escaped by Node, so that no name can pretend to be several.
  const names = (certificate.subjectAltName ?? '').split(', ');
  return names.includes(`DNS:${agentId}`) || names.includes(`URI:${gatewayUri(agentId)}`)
    ? agentId
    : undefined;
}
