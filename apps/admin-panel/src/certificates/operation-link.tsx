import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { queries } from '../data/queries';
import { operationLooks, StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { stepTitle } from './operation-steps';

/** What an operation was and how it went; its page has the rest. */
export const OperationLink = ({ id }: { id: string }) => {
  const { data } = useQuery(queries.operation(id));
  return (
    <Link className="link" to="/operations/$operationId" params={{ operationId: id }}>
      {data ? (
        <>
          <StateMark look={{ ...operationLooks[data.status], word: stepTitle(data.kind) }} />{' '}
          <span className="idle">
            <TimeAgo at={data.finished_at ?? data.created_at} />
          </span>
        </>
      ) : (
        'Show'
      )}
    </Link>
  );
};
