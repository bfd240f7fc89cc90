import { useEffect, useRef, useState, type ReactNode } from 'react';
import classes from './panel.module.css';

/**
 * Wide content that scrolls sideways. Only while there is something to scroll to it can be focused and has a name, so that
 * arrow keys reach what a narrow window hides, and nothing is in the way of Tab otherwise.
 */
export const ScrollRegion = ({ label, children }: { label: string; children: ReactNode }) => {
  const region = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const [outer, inner] = [region.current, content.current];
    if (!outer || !inner) return undefined;
    const measure = (): void => setScrolls(outer.scrollWidth > outer.clientWidth);
    const observer = new ResizeObserver(measure);
    observer.observe(outer);
    observer.observe(inner);
    return () => observer.disconnect();
  }, []);
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
