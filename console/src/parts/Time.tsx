// A moment in the person's own time zone; the pointer shows it in UTC.

const SHOWN = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
});

export function shownTime(at: Date | number | undefined): string {
  return at === undefined ? "-" : SHOWN.format(at);
}

export function Time({ at }: { at: Date | number | undefined }) {
  if (at === undefined) return <>-</>;
  const moment = new Date(at);
  return (
    <time dateTime={moment.toISOString()} title={moment.toISOString()}>
      {shownTime(moment)}
    </time>
  );
}

const DAY = 86_400_000;

/** How long ago, as IAM's console tells last activity. */
export function ago(at: Date | undefined, now = Date.now()): string {
  if (at === undefined) return "None";
  const passed = now - at.getTime();
  if (passed < 3_600_000) return `${Math.max(1, Math.floor(passed / 60_000))} minutes ago`;
  if (passed < DAY) return `${Math.floor(passed / 3_600_000)} hours ago`;
  return `${Math.floor(passed / DAY)} days ago`;
}
