import type { Redis } from 'ioredis';
import { isError } from '@viw/runtime';

/**
 * Trims what every expected group has acknowledged and what is older than the retention. Being one script, no group
 * can be lost, made again or moved back between the look and the cut.
 *
 * The cut is the smallest of: the oldest pending id of a group, the last id handed to a group (what comes after it is
 * undelivered), and Redis's clock minus the retention. Entries before it go, in whole nodes (`~`). Ids are compared as
 * text by length, then by character: 64-bit numbers do not fit into Lua's.
 *
 * KEYS stream. ARGV retention in ms, expected groups.
 * Returns {1, trimmed, length, cut}, {0, missing groups} or {-1} when there is no stream.
 */
const TRIM = `
if redis.call('EXISTS', KEYS[1]) == 0 then return {-1} end
local function smaller(a, b)
  local aMs, aSeq = string.match(a, '^(%d+)-(%d+)$')
  local bMs, bSeq = string.match(b, '^(%d+)-(%d+)$')
  if aMs == bMs then aMs, bMs = aSeq, bSeq end
  if #aMs ~= #bMs then return #aMs < #bMs end
  return aMs < bMs
end
local delivered = {}
for _, row in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local fields = {}
  for i = 1, #row, 2 do fields[row[i]] = row[i + 1] end
  delivered[fields['name']] = fields['last-delivered-id']
end
local time = redis.call('TIME')
local cut = string.format('%.0f-0', math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]))
local missing = {}
for i = 2, #ARGV do
  local last = delivered[ARGV[i]]
  if not last then
    missing[#missing + 1] = ARGV[i]
  else
    if smaller(last, cut) then cut = last end
    local oldest = redis.call('XPENDING', KEYS[1], ARGV[i])[2]
    if oldest and smaller(oldest, cut) then cut = oldest end
  end
end
if #missing > 0 then return {0, missing} end
return {1, redis.call('XTRIM', KEYS[1], 'MINID', '~', cut), redis.call('XLEN', KEYS[1]), cut}`;

export interface TrimTarget {
  /** Key in Redis. */
  readonly stream: string;
  /** At least one. */
  readonly groups: readonly string[];
}

export type TrimResult =
  | { readonly kind: 'trimmed'; readonly trimmed: number; readonly length: number }
  /** Nothing was trimmed: entries that the missing groups have not seen would be lost. */
  | { readonly kind: 'refused'; readonly missing: readonly string[] }
  | { readonly kind: 'absent' };

/** One cut; Redis removes at most about 10 000 entries at a time. */
export async function trimStream(
  redis: Redis,
  { stream, groups }: TrimTarget,
  { keepMs }: { keepMs: number },
): Promise<TrimResult> {
  // Without an expected group everything past the retention would go, read or not.
  if (groups.length === 0) return { kind: 'refused', missing: [] };
  const reply = (await redis.eval(TRIM, 1, stream, Math.ceil(keepMs), ...groups)) as [number, ...unknown[]];
  if (reply[0] === -1) return { kind: 'absent' };
  if (reply[0] === 0) return { kind: 'refused', missing: reply[1] as string[] };
  return { kind: 'trimmed', trimmed: Number(reply[1]), length: Number(reply[2]) };
}

/** WRONGTYPE and the like tell of one key; everything else of Redis, so that going on with the next is of no use. */
export const isAboutOneStream = (error: unknown): boolean =>
  isError(error) && error.message.startsWith('WRONGTYPE');
