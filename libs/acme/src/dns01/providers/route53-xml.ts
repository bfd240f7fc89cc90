import sax, { type SAXOptions } from 'sax';

/** An element: its own text, trimmed at no end, and its elements in their order. */
export interface XmlElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

const MAX_DEPTH = 32;
/** Its types know less than it does. */
const OPTIONS = { strictEntities: true } as SAXOptions;

/** @returns the root; undefined for what is no well-formed XML. Entities other than XML's own five are an error. */
export function parseXml(text: string): XmlElement | undefined {
  const parser = sax.parser(true, OPTIONS);
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let broken = false;
  parser.onopentag = ({ name }) => {
    const element: XmlElement = { name, text: '', children: [] };
    if (open.length >= MAX_DEPTH) broken = true;
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  };
  parser.ontext = (piece) => {
    const element = open.at(-1);
    if (element) element.text += piece;
  };
  parser.onclosetag = () => void open.pop();
  parser.onerror = () => {
    broken = true;
    parser.resume();
  };
  parser.write(text).close();
  return broken ? undefined : root;
}

export const childrenOf = (element: XmlElement | undefined, name: string): XmlElement[] =>
  (element?.children ?? []).filter((child) => child.name === name);

/** Text of the first one at this path. */
export const textAt = (element: XmlElement | undefined, ...path: string[]): string | undefined =>
  path.reduce<XmlElement | undefined>((at, name) => childrenOf(at, name)[0], element)?.text;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
export const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (one) => ESCAPES[one] ?? one);
