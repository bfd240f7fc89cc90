import { z } from 'zod';
import { certificateName } from '../certificate-name';
import { agentId } from '../primitives';

const all = z.literal('all');
const ids = z.array(z.uuid()).max(1_000);

/** `labels`: a gateway that has every one of them. No labels would be every gateway: that is said by `all`. */
export const gatewaySelector = z
  .strictObject({
    ids: z.array(agentId).max(1_000).default([]),
    labels: z.record(z.string().min(1).max(63), z.string().max(128)).optional(),
  })
  .refine(({ labels }) => labels === undefined || Object.keys(labels).length > 0, 'labels: at least one');

/** `domains`: a certificate all of whose names are one of these or lie below one; nothing lies below an IP address. */
const certificateSelector = z.strictObject({
  ids: ids.default([]),
  domains: z
    .array(certificateName.refine((name) => !name.startsWith('*.'), 'without a wildcard'))
    .max(100)
    .default([]),
});

/**
 * What a principal is narrowed to, whatever its role allows. A kind that is not named is outside of it; `all` says that a
 * kind is not narrowed. A gateway, server or certificate is inside when any of the selector's members says so.
 */
export const scope = z.strictObject({
  gateways: z.union([all, gatewaySelector]).optional(),
  servers: z.union([all, z.strictObject({ ids })]).optional(),
  verbs: z.union([all, z.array(z.string().min(1).max(64)).max(200)]).optional(),
  certificates: z.union([all, certificateSelector]).optional(),
});
export type Scope = z.output<typeof scope>;
