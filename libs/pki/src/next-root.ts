import type { Authority } from './authority';
import { importAuthorityKey, newAuthorityKey } from './authority-key';
import { ROOT_DAYS, authorityContent } from './authority-profiles';
import type { NewAuthority } from './authority-profiles';
import { issue } from './issue';
import type { IssuedCertificate } from './issue';
import { validityOf } from './validity';

export interface NextRoot {
  readonly root: NewAuthority;
  /** The next root's name and key, signed by the former: for who trusts the former only. It ends with the former at the latest. */
  readonly cross: IssuedCertificate;
}

/**
 * The root after `former`, of the **same name** (RFC 4210 section 4.4). A certificate whose issuer and subject are one is
 * self-issued and takes nothing of a path's length (RFC 5280 section 6.1.4), so roots that allow one level of authorities
 * still reach those two levels below. Verifiers tell the two by their key identifiers.
 * @param now milliseconds
 */
export async function makeNextRoot(former: Authority, now: number): Promise<NextRoot> {
  const privateKey = newAuthorityKey();
  const keys = await importAuthorityKey(privateKey);
  const subject = former.certificate.subjectName.toJSON();
  const content = (issuer?: Authority['certificate']) =>
    authorityContent(subject, keys, validityOf(now, ROOT_DAYS, issuer), 1);
  return {
    root: { privateKey, ...(await issue(await content(), { self: keys })) },
    cross: await issue(await content(former.certificate), former),
  };
}
