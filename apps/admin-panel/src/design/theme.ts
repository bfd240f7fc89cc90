import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Ink blue: apart from every state colour, so that a button never looks like a state. */
const ink: MantineColorsTuple = [
  '#eef2fc',
  '#dbe3f6',
  '#b4c4ea',
  '#8ca4df',
  '#6f8cd6',
  '#5674c8',
  '#4463b8',
  '#3653a2',
  '#2c4588',
  '#22376e',
];
const dark: MantineColorsTuple = [
  '#dfe3ea',
  '#b9c0cb',
  '#98a1af',
  '#6f7988',
  '#3a434f',
  '#2d353f',
  '#232a33',
  '#191e25',
  '#12161c',
  '#0d1014',
];

const alertTones: Readonly<Record<string, string>> = {
  orange: 'warn',
  red: 'bad',
  violet: 'odd',
  gray: 'idle',
};

export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: { light: 7, dark: 6 },
  colors: { ink, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1rem' } } },
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'sm' } },
    // By the tokens, whose pairs can be read; of Mantine's own not all can.
    Alert: {
      vars: (_theme: unknown, { color }: { color?: string }) => {
        const tone = alertTones[color ?? ''];
        return {
          root: tone
            ? { '--alert-bg': `var(--viw-${tone}-soft)`, '--alert-color': `var(--viw-${tone})` }
            : {},
        };
      },
    },
    Tooltip: {
      defaultProps: { openDelay: 250, withArrow: true, events: { hover: true, focus: true, touch: true } },
    },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
      styles: { title: { fontWeight: 600, fontSize: '1rem' } },
    },
  },
});
