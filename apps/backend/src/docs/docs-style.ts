/** Of the page at `/docs`: readable in light and dark, and on paper. */
export const docsStyle = `:root { color-scheme: light dark; --line: #8884; --quiet: #777; }
* { box-sizing: border-box; }
body { margin: 0; display: flex; font: 16px/1.5 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; flex: 0 0 13rem; padding: 1rem; border-right: 1px solid var(--line); }
nav ul { list-style: none; margin: 0; padding: 0; }
main { flex: 1; min-width: 0; max-width: 60rem; padding: 1rem 2rem 6rem; }
h1 small, .permission { color: var(--quiet); font-weight: normal; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 0; font-size: 1rem; overflow-wrap: anywhere; }
h4 { margin: 0.75rem 0 0.25rem; font-size: 0.85rem; color: var(--quiet); }
p { margin: 0.25rem 0; }
.method { display: inline-block; min-width: 4.5rem; font-weight: bold; }
pre { margin: 0; padding: 0.75rem; overflow: auto; border: 1px solid var(--line); border-radius: 4px; font-size: 0.85rem; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } }
`;
