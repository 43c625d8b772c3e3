/** What the server says, in the page's language: its sentence in English, words for its code in Chinese. What others
 * wrote (the vendor, whoever paused an account) is shown as it is.
 */
import { Refused, Unreachable, type Job, type Wrong } from "./api";
import { has, t, tell, words } from "./words.svelte";
import type { Key } from "../words/en";

const with_ = (said: string, more: string): string => (more ? t("reason.with", { said, more }) : said);

/** One thing wrong with what was asked. */
export function wrongly(one: Wrong): string {
  if (words.language === "en") return one.message;
  const code = one.code ?? "";
  if (has("lint", code)) return tell("lint", code);
  if (has("rule", code)) return with_(tell("rule", code), one.given ?? "");
  return `${has("field", one.field) ? tell("field", one.field) : one.field}：${one.message}`;
}

/** What to say of an error, whatever it is. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refused) {
    if (error.problems.length) return error.problems.map(wrongly).join(" · ");
    if (words.language === "en") return error.message;
    if (has("refused.of", error.code)) return with_(tell("refused.of", error.code), error.message);
    return has("refused", error.code) ? tell("refused", error.code) : error.message;
  }
  if (error instanceof Unreachable) return t("unreachable");
  return error instanceof Error ? error.message : String(error);
}

/** What only a person can tell of a doubt. */
export function asked(job: Job): string {
  if (words.language === "en" || !job.asks) return job.asks ?? "";
  if (!has("asks", job.asks_code ?? "")) return with_(t("need.doubt"), job.asks);
  return t(`asks.${job.asks_code}` as Key, job.asks_given ?? {});
}

/** What a person has to do before a job can move. */
export function wanted(job: Job): string {
  if (words.language === "en" || !has("need", job.attention_code ?? "")) return job.attention ?? "";
  return with_(tell("need", job.attention_code!), job.attention_why ?? "");
}
