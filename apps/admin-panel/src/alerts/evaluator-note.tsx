import { StateMark } from '../design/state-mark';
import { useNow } from '../design/now';
import { instant, relativeTime, roughDuration } from '../format/times';
import { evaluatorState } from './alert-looks';

/** When somebody last looked: an empty list means something only then. */
export const EvaluatorNote = ({ at }: { at: string | null }) => {
  const now = useNow();
  const moment = instant(at);
  switch (evaluatorState(at, now)) {
    case 'unknown':
      return (
        <StateMark
          look={{ shape: 'triangle', tone: 'bad', word: 'No notifier has run yet: nothing is stored' }}
        />
      );
    case 'silent': {
      const silence = roughDuration(now - (moment ?? now));
      return <StateMark look={{ shape: 'triangle', tone: 'bad', word: `Evaluator silent for ${silence}` }} />;
    }
    case 'well':
      return <span>Evaluator ran {relativeTime(moment ?? now, now)}</span>;
  }
};
