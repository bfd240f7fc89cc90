import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { clockTime } from '../format/times';
import { useNow } from './now';
import classes from './time-chart.module.css';
import { chartOptions } from './time-chart-options';
import { useZone } from './zone';

interface TimeChartProps {
  readonly title: string;
  /** Unix seconds, rising. */
  readonly times: number[];
  readonly values: (number | null)[];
  readonly format: (value: number | null | undefined) => string;
  /** Fixed upper end of the scale; without it the data decides. */
  readonly top?: number;
  /** The range back from now that is always shown, however much of it has data. */
  readonly hours: number;
}

const height = 148;

/** One series over time; the value under the pointer stands in the title, so nothing covers the line. */
export const TimeChart = ({ title, times, values, format, top, hours }: TimeChartProps) => {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const newest = useRef({ times, values });
  newest.current = { times, values };
  const [index, setIndex] = useState<number | null>(null);
  const scheme = useComputedColorScheme('light');
  const [zone] = useZone();
  const tick = Math.floor(useNow() / 15_000);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const options = chartOptions(element, { height, top, hours, zone, onHover: setIndex });
    const plot = new uPlot(options, [newest.current.times, newest.current.values], element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [scheme, top, hours, zone]);

  useEffect(() => chart.current?.setData([times, values]), [times, values, tick]);

  const hovered = index === null ? undefined : times[index];
  const shown =
    hovered === undefined || index === null ? values.findLast((value) => value !== null) : values[index];
  return (
    <figure className={classes['chart']}>
      <figcaption className={classes['caption']}>
        <span className={classes['title']}>{title}</span>
        <span className={classes['value']}>
          {hovered === undefined ? null : (
            <span className={classes['at']}>{clockTime(hovered * 1_000, zone)}</span>
          )}
          {format(shown)}
        </span>
      </figcaption>
      <div
        ref={host}
        className={classes['plot']}
        role="img"
        aria-label={`${title}, newest ${format(values.at(-1))}`}
      />
      {times.length === 0 ? <p className={classes['empty']}>The first point comes after a minute.</p> : null}
    </figure>
  );
};
