/** Only a backend in the mode `acme` needs it, and it takes longer to load than the rest of a start. */
export const loadAcme = () => import('@viw/acme');
