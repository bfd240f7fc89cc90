import type { Certificate } from '@viw/contracts';
import { useNow } from '../design/now';
import { certificateLooks, expiredLook, retiredLook, StateMark } from '../design/state-mark';
import { lifeOf } from './life';

export const CertificateStateMark = ({ certificate }: { certificate: Certificate }) => {
  const now = useNow();
  const expired = certificate.state === 'active' && lifeOf(certificate, now).class === 'expired';
  if (certificate.retired_at !== null) return <StateMark look={retiredLook} />;
  return <StateMark look={expired ? expiredLook : certificateLooks[certificate.state]} />;
};
