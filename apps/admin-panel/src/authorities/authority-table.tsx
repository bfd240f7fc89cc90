import { Link } from '@tanstack/react-router';
import type { CertificateAuthority } from '@viw/contracts';
import { useNow } from '../design/now';
import { StateMark } from '../design/state-mark';
import { AbsoluteTime, TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import { authorityLook, inHierarchy, listLook, purposeWords } from './authority-words';
import classes from './authorities.module.css';

interface AuthorityTableProps {
  readonly authorities: readonly CertificateAuthority[];
  readonly chosen: string | undefined;
}

export const AuthorityTable = ({ authorities, chosen }: AuthorityTableProps) => {
  const now = useNow();
  return (
    <table className="plain-table">
      <thead>
        <tr>
          <th>Authority</th>
          <th>State</th>
          <th>Valid until</th>
          <th>Revocation list</th>
          <th className="number">List made</th>
          <th>Next list</th>
        </tr>
      </thead>
      <tbody>
        {inHierarchy(authorities).map(({ authority, depth }) => (
          <tr key={authority.id} className={authority.id === chosen ? classes['chosen'] : undefined}>
            <td className={classes['subject']}>
              {depth > 0 ? <span className={classes['depth']}>{`${'   '.repeat(depth - 1)}└ `}</span> : null}
              <Link
                className="link"
                to="/ca"
                search={{ authority: authority.id }}
                aria-current={authority.id === chosen ? 'true' : undefined}
              >
                {authority.subject}
              </Link>
              <div className={classes['purpose']}>{purposeWords[authority.purpose]}</div>
            </td>
            <td>
              <StateMark look={authorityLook(authority, now)} />
            </td>
            <td className={classes['small']}>
              <AbsoluteTime at={authority.not_after} />
            </td>
            <td>
              <StateMark look={listLook(authority.revocation_list, now)} />
            </td>
            <td className="number">
              {authority.revocation_list ? <TimeAgo at={authority.revocation_list.this_update} /> : missing}
            </td>
            <td className={classes['small']}>
              <AbsoluteTime at={authority.revocation_list?.next_update} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
