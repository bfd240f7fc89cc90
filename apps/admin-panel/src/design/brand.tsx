import classes from './brand.module.css';

export const Brand = ({ size = 26 }: { size?: number }) => (
  <span className={classes['brand']}>
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#3653a2" />
      <path
        d="M7.5 10.5 13 22l3-6.5 3 6.5 5.5-11.5"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
    <span className={classes['word']}>viw</span>
  </span>
);
