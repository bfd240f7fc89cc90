import { missing } from './times';

/** "12.5 %"; one digit, so that columns line up. */
export const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? missing : `${value.toFixed(1)} %`;

export const decimal = (value: number | null | undefined, digits = 2): string =>
  value === null || value === undefined ? missing : value.toFixed(digits);

export const whole = (value: number | null | undefined): string =>
  value === null || value === undefined ? missing : String(Math.round(value));

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** IEC sizes: "1.0 GiB". */
export const bytes = (value: number | null | undefined): string => {
  if (value === null || value === undefined) return missing;
  let size = value;
  let unit = 0;
  while (size >= 1_024 && unit < units.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit] ?? 'B'}`;
};
