/** What stands where a value is missing. */
export const missing = '—';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** "12 s", "3 min", "4 h", "12 d": the one unit that matters, rounded down. Milliseconds in. */
export const roughDuration = (ms: number): string => {
  const span = Math.abs(ms);
  if (span < minute) return `${Math.floor(span / second)} s`;
  if (span < hour) return `${Math.floor(span / minute)} min`;
  if (span < 2 * day) return `${Math.floor(span / hour)} h`;
  return `${Math.floor(span / day)} d`;
};

/** "just now", "12 s ago", "in 3 d". Clocks may differ a little: the near future counts as now. */
export const relativeTime = (at: number, now: number): string => {
  const ago = now - at;
  if (ago > -5 * second && ago < second) return 'just now';
  return ago < 0 ? `in ${roughDuration(ago)}` : `${roughDuration(ago)} ago`;
};

/** How long something took or has been going on: "31 ms", "1.4 s", "2 min 05 s". */
export const preciseDuration = (ms: number): string => {
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min ${pad(Math.floor((ms % minute) / second))} s`;
  return `${Math.floor(ms / hour)} h ${pad(Math.floor((ms % hour) / minute))} min`;
};

/** Uptime: "12 d 4 h". Seconds in. */
export const uptime = (seconds: number): string => {
  const ms = seconds * second;
  if (ms < day) return preciseDuration(ms);
  return `${Math.floor(ms / day)} d ${Math.floor((ms % day) / hour)} h`;
};

export type Zone = 'local' | 'utc';

/** "2026-11-21 14:03:10 UTC" or with the local offset: "2026-11-21 15:03:10 +01:00". */
export const absoluteTime = (at: number, zone: Zone): string => {
  const shifted = zone === 'utc' ? at : at - new Date(at).getTimezoneOffset() * minute;
  const text = new Date(shifted).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} ${zone === 'utc' ? 'UTC' : offset(at)}`;
};

/** "14:03:10", for "as of" marks. */
export const clockTime = (at: number, zone: Zone): string => absoluteTime(at, zone).slice(11, 19);

/** "2026-11-21" */
export const calendarDate = (at: number, zone: Zone): string => absoluteTime(at, zone).slice(0, 10);

/** Milliseconds since 1970, or undefined for nothing and for nonsense. */
export const instant = (text: string | null | undefined): number | undefined => {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
};

const offset = (at: number): string => {
  const minutes = -new Date(at).getTimezoneOffset();
  const sign = minutes < 0 ? '-' : '+';
  return `${sign}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
};
const pad = (value: number): string => String(value).padStart(2, '0');
