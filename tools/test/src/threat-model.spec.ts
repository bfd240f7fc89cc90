import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');
const text = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');

/** A spec, and the titles in quotes that follow it up to the next spec or the next word. */
const references = [...text.matchAll(/`([\w./-]+[.-]spec\.ts)`((?:,?\s*"[^"]+")*)/g)].map(
  ([, spec = '', titles = '']) => ({
    spec,
    titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title.replace(/\s+/g, ' ')),
  }),
);

describe('the threat model', () => {
  it('quotes titles only behind the spec that has them', () => {
    const quoted = text.split('\n## ').slice(2).join('\n').match(/"/g) ?? [];
    const elsewhere = ['"Postgres was restored from a backup"'];
    expect(quoted.length / 2 - elsewhere.length).toBe(references.flatMap(({ titles }) => titles).length);
  });

  it.each(references.flatMap(({ spec, titles }) => ['', ...titles].map((title) => [spec, title])))(
    '%s has "%s"',
    (spec = '', title = '') => {
      expect(existsSync(join(root, spec))).toBe(true);
      const source = readFileSync(join(root, spec), 'utf8');
      // As a text begins, or behind a value in one: what a comment says is no test.
      expect(title === '' || ["'", '`', '} '].some((before) => source.includes(before + title))).toBe(true);
    },
  );

  it('names a spec with each control', () => {
    const controls = text.split(/^- /m).slice(1);
    expect(controls.length).toBeGreaterThan(40);
    const own = controls.map((control) => control.split(/\n\n/)[0] ?? '');
    expect(own.filter((control) => !/`[\w./-]+[.-]spec\.ts`/.test(control))).toEqual([]);
  });
});
