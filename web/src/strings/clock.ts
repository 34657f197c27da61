// Times of the day in the sentences of the service, which are in UTC: the page shows all others as the reader's.

/** Not behind a date, which is in UTC with it. */
const UTC = /(?<!\d-\d\d )\b(\d\d):(\d\d):(\d\d)Z/g;
const HALF_DAY_MS = 12 * 3600 * 1000;

/** Returns a sentence with its times of the day in the reader's time zone. `now`: a moment near those times, in ms. */
export function inZone(sentence: string, language: string, now: number): string {
  const form = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
  return sentence.replace(UTC, (_, hour: string, minute: string, second: string) => {
    const day = new Date(now);
    const at = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), +hour, +minute, +second);
    // The next midnight may lie between.
    const near = at - now > HALF_DAY_MS ? at - 2 * HALF_DAY_MS : now - at > HALF_DAY_MS ? at + 2 * HALF_DAY_MS : at;
    return form.format(new Date(near));
  });
}
