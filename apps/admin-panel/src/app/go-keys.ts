import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';

const destinations = {
  g: '/gateways',
  c: '/certificates',
  o: '/',
  s: '/servers',
  a: '/alerts',
  w: '/approvals',
  n: '/notifications',
  i: '/issuance',
  k: '/ca',
  p: '/access',
  l: '/audit',
} as const;
const secondKeyMs = 1_000;

/** `g` then a letter goes to a page, `/` to the page's search, `?` to the list of keys. Not while typing. */
export const useGoKeys = (showHelp: () => void): void => {
  const navigate = useNavigate();
  useEffect(() => {
    let firstAt = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const waiting = event.timeStamp - firstAt < secondKeyMs;
      firstAt = 0;
      if (waiting && event.key in destinations) {
        event.preventDefault();
        void navigate({ to: destinations[event.key as keyof typeof destinations] });
      } else if (event.key === 'g') firstAt = event.timeStamp;
      else if (event.key === '?') showHelp();
      else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[data-page-search]');
        if (!search) return;
        event.preventDefault();
        search.focus();
        search.select();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate, showHelp]);
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
