import { Link } from '@tanstack/react-router';
import type { Certificate } from '@viw/contracts';
import { missing } from '../format/times';
import { CertificateStateMark } from './certificate-state';
import { LifeMeter } from './life-meter';
import { Names } from './names-cell';
import { OperationLink } from './operation-link';
import { usedBySummary } from './used-by';

export const CertificatesTable = ({ certificates }: { certificates: readonly Certificate[] }) => (
  <table className="plain-table">
    <thead>
      <tr>
        <th>State</th>
        <th>Names</th>
        <th>Life left</th>
        <th>In use by</th>
        <th>Issuer</th>
        <th>Last operation</th>
      </tr>
    </thead>
    <tbody>
      {certificates.map((certificate) => (
        <tr key={certificate.id}>
          <td>
            <CertificateStateMark certificate={certificate} />
          </td>
          <td>
            <Link
              className="link"
              to="/certificates/$certificateId"
              params={{ certificateId: certificate.id }}
            >
              <Names names={certificate.names} />
            </Link>
          </td>
          <td>
            <LifeMeter certificate={certificate} />
          </td>
          <td>{usedBySummary(certificate)}</td>
          <td>{certificate.current_version?.issuer ?? certificate.issuer}</td>
          <td>
            {certificate.last_operation_id ? <OperationLink id={certificate.last_operation_id} /> : missing}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
