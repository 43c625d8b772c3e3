/** Clips by filter, newest first, a page at a time as one scrolls; what happens meanwhile is woven in. */
import { ask, type Job } from "./api";
import { wordsOf } from "./reasons";
import { live } from "./live.svelte";

export interface Wanted {
  q: string;
  show: "all" | "ready" | "moving" | "ended";
  model: string;
  project: string;
  tag: string;
  favourites: boolean;
}

export const STATES: Record<Wanted["show"], string[]> = {
  all: [],
  ready: ["succeeded"],
  moving: ["queued", "submitting", "unconfirmed", "generating", "archiving"],
  ended: ["failed", "cancelled"],
};
const PAGE = 100;
const TAGS_SHOWN = 60;

export class Shelf {
  ids = $state.raw<string[]>([]);
  failed = $state("");
  loaded = $state(false);
  /** Grows with every page that came. */
  pages = $state(0);
  #jobs = new Map<string, Job>();
  #next: string | null = null;
  #whole = false;
  #under: AbortController | null = null;
  #wanted: Wanted | null = null;

  get whole(): boolean {
    return this.#whole;
  }

  job(id: string): Job {
    return live.jobs.get(id) ?? this.#jobs.get(id)!;
  }

  /** Tags met so far, to choose from. */
  tags(): string[] {
    return [...new Set(this.ids.flatMap((id) => this.job(id).tags))].sort().slice(0, TAGS_SHOWN);
  }

  async open(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    this.#under?.abort();
    this.#under = null;
    this.#next = null;
    this.#whole = false;
    await this.#page(true);
  }

  async more(): Promise<void> {
    if (!this.#under && !this.#whole && this.#wanted) await this.#page(false);
  }

  async #page(fresh: boolean): Promise<void> {
    const w = this.#wanted!;
    const mine = (this.#under = new AbortController());
    try {
      const page = await ask("get", "/v1/jobs", {
        query: { q: w.q || null, state: STATES[w.show].length ? STATES[w.show] : null, model: w.model ? [w.model] : null, project: w.project || null, tag: w.tag || null, favourites: w.favourites || null, limit: PAGE, after: fresh ? null : this.#next },
        signal: mine.signal,
      });
      if (mine !== this.#under) return;
      if (fresh) this.#jobs.clear();
      for (const job of page.data) this.#jobs.set(job.id, job);
      live.keep(page.data.filter((job) => live.jobs.has(job.id)));
      const known = fresh ? new Set<string>() : new Set(this.ids);
      this.ids = [...(fresh ? [] : this.ids), ...page.data.map((j) => j.id).filter((id) => !known.has(id))];
      this.#next = page.next;
      this.#whole = page.next === null;
      this.failed = "";
      this.loaded = true;
    } catch (error) {
      if (mine === this.#under && !mine.signal.aborted) this.failed = wordsOf(error);
    } finally {
      if (mine === this.#under) {
        this.#under = null;
        this.pages += 1;
      }
    }
  }

  /** A job that changed: shown anew, or put in front where it is new and fits. */
  heard(job: Job): void {
    const w = this.#wanted;
    if (!w || !this.loaded) return;
    const fits = (!STATES[w.show].length || STATES[w.show].includes(job.state)) && (!w.tag || job.tags.includes(w.tag)) && (!w.favourites || job.favourite) && (!w.model || job.model === w.model) && (!w.project || job.project === w.project) && (!w.q || `${job.prompt}\n${job.name ?? ""}`.toLowerCase().includes(w.q.toLowerCase()));
    const there = this.#jobs.has(job.id);
    this.#jobs.set(job.id, job);
    if (!there && fits) {
      const at = this.ids.findIndex((id) => (this.job(id).created_at ?? "") <= (job.created_at ?? ""));
      this.ids = at < 0 ? (this.#whole ? [...this.ids, job.id] : this.ids) : [...this.ids.slice(0, at), job.id, ...this.ids.slice(at)];
    } else if (there && !fits) this.ids = this.ids.filter((id) => id !== job.id);
  }
}
