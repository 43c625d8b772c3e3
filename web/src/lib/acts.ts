/** What can be done with a job, wherever it is shown. */
import { ask, type Job, type Marking } from "./api";
import { wordsOf } from "./reasons";
import { composing } from "./draft.svelte";
import { live } from "./live.svelte";
import { place } from "./route.svelte";
import { say } from "./say.svelte";
import { t } from "./words.svelte";

async function act(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    say(wordsOf(error), true);
    return false;
  }
}

export const cancel = (job: Job): Promise<boolean> =>
  act(async () => {
    live.keep([await ask("post", "/v1/jobs/{job_id}/cancel", { path: { job_id: job.id }, body: { discard: false } })]);
  });

export const retry = (job: Job): Promise<boolean> =>
  act(async () => {
    live.keep([await ask("post", "/v1/jobs/{job_id}/retry", { path: { job_id: job.id } })]);
    say(t("make.sent"));
  });

const AT_ONCE = 4;

/** Say something of jobs: that they are favourites, other tags. True when it was said of all of them. */
export const mark = (jobs: Job[], said: Partial<Marking>): Promise<boolean> =>
  act(async () => {
    const left = [...jobs];
    const one = async (): Promise<void> => {
      for (let job = left.shift(); job; job = left.shift()) live.keep([await ask("patch", "/v1/jobs/{job_id}", { path: { job_id: job.id }, body: said as Marking })]);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  });

export function duplicate(job: Job): void {
  composing.take(job);
  place.go("/make");
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(t("copied"));
  } catch {
    say(t("copied.not"), true);
  }
}
