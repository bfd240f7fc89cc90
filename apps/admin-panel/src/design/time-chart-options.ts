import type uPlot from 'uplot';
import { clockTime, type Zone } from '../format/times';

interface ChartSettings {
  readonly height: number;
  readonly top: number | undefined;
  readonly hours: number;
  readonly zone: Zone;
  readonly onHover: (index: number | null) => void;
}

/** Colours come from the page's tokens, so a theme switch makes new options. */
export const chartOptions = (element: HTMLElement, settings: ChartSettings): uPlot.Options => {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const line = token('--viw-chart');
  const axis = {
    stroke: token('--mantine-color-dimmed'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: token('--viw-line'), width: 1 },
    ticks: { show: false },
  };
  const { top } = settings;
  return {
    width: Math.max(120, element.clientWidth),
    height: settings.height,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'viw-time' },
      drag: { x: false, y: false },
      y: false,
      points: { size: 7, fill: line, stroke: line },
    },
    scales: {
      x: {
        time: true,
        range: () => [Date.now() / 1_000 - settings.hours * 3_600, Date.now() / 1_000],
      },
      y: {
        range: (_chart, _least, most) => [0, top ?? niceTop(most)],
      },
    },
    axes: [
      {
        ...axis,
        space: 64,
        size: 26,
        gap: 6,
        values: (_chart, splits) => splits.map((at) => clockTime(at * 1_000, settings.zone).slice(0, 5)),
      },
      { ...axis, size: 38, gap: 6, space: 34 },
    ],
    series: [{}, { stroke: line, width: 1.75, fill: `${line}1f`, points: { show: false }, spanGaps: false }],
    hooks: { setCursor: [(chart) => settings.onHover(chart.cursor.idx ?? null)] },
  };
};

/** A round upper end with a little air, at least 1. */
const niceTop = (most: number | null): number => {
  const wanted = Math.max(1, (most ?? 0) * 1.15);
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 2, 5, 10].find((factor) => factor * magnitude >= wanted) ?? 10) * magnitude;
};
