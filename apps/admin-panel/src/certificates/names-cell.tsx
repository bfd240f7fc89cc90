import { Tooltip } from '@mantine/core';
import classes from './certificates.module.css';

/** The first name and how many more; all of them on hover and focus. */
export const Names = ({ names }: { names: readonly string[] }) => {
  const [first = '—', ...others] = names;
  if (others.length === 0) return <>{first}</>;
  return (
    <>
      {first}{' '}
      <Tooltip label={others.join(', ')} multiline maw={360}>
        <span className={classes['more']} tabIndex={0}>
          +{others.length}
        </span>
      </Tooltip>
    </>
  );
};
