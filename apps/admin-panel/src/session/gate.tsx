import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { queries } from '../data/queries';
import { ErrorNotice } from '../design/notices';
import { SignInPage } from './sign-in-page';

/** Shows the panel to who is signed in, the sign-in form to everybody else; the address stays as it is. */
export const Gate = ({ children }: { children: ReactNode }) => {
  const { data, error, refetch } = useQuery(queries.me);
  if (data) return children;
  if (data === null) return <SignInPage />;
  return (
    <Center mih="100dvh" p="md">
      {error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <Loader size="sm" />}
    </Center>
  );
};
