/** The time of day in milliseconds since the epoch. */
export type Clock = () => number;

/** A clock that goes on evenly when the one it reads is set back; set forward, it follows. */
export function steadyClock(read: Clock = Date.now): Clock {
  let offset = 0;
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const time = read();
    if (time + offset < last) offset = last - time;
    last = time + offset;
    return last;
  };
}
