import { Link } from '@tanstack/react-router';
import { EmptyNotice } from '../design/notices';

export const NotFoundPage = () => (
  <EmptyNotice
    title="There is no such page"
    hint={
      <>
        The address may be mistyped. Back to the <Link to="/">overview</Link>.
      </>
    }
  />
);
