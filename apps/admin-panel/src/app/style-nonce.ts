import { setNonce } from 'get-nonce';

/** The nonce of this page's answer. The backend puts it into the meta tag, since browsers hide `nonce` attributes. */
export const styleNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

/** react-remove-scroll (modals, menus) takes its nonce from here and not from MantineProvider. */
export const shareStyleNonce = (): void => setNonce(styleNonce());
