import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import classes from './panel.module.css';

/**
 * Wide content that scrolls sideways. Only while there is something to scroll to it can be focused and has a name, so that
 * arrow keys reach what a narrow window hides, and nothing is in the way of Tab otherwise.
 */
export const ScrollRegion = ({ label, children }: { label: string; children: ReactNode }) => {
  const region = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  const measure = useCallback((): void => {
    const outer = region.current;
    if (outer) setScrolls(outer.scrollWidth > outer.clientWidth);
  }, []);
  // Before it is painted, as far as this has brought the change; what comes from within, or from the window, is observed.
  useLayoutEffect(measure);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    for (const element of [region.current, content.current]) if (element) observer.observe(element);
    return () => observer.disconnect();
  }, [measure]);
  return (
    <div
      ref={region}
      className={classes['flush']}
      {...(scrolls ? { tabIndex: 0, role: 'group', 'aria-label': `${label}, scrolls sideways` } : {})}
    >
      <div ref={content} className={classes['wide']}>
        {children}
      </div>
    </div>
  );
};
