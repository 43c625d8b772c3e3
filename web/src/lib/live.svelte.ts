/** What happens, as it happens: one stream of events that survives sleep, reloads, restarts and a lost network. */
import { SvelteMap } from "svelte/reactivity";
import { address, ask, gate, send, Refused, type Happening, type Job } from "./api";

const SILENCE_MS = 40_000; // the server says something every 15 s
const OUTLOOK_MS = 15_000;
const OUTLOOKS_MAX = 8;
const BACK_MS = [500, 1000, 2000, 4000, 8000];
const FINAL = new Set(["succeeded", "failed", "cancelled"]);

export const isFinal = (job: Pick<Job, "state">): boolean => FINAL.has(job.state);

class Live {
  state = $state<"connecting" | "live" | "offline" | "locked">("connecting");
  /** Jobs by id, as last heard. */
  readonly jobs = new SvelteMap<string, Job>();
  /** Grows when lists have to be read anew: after a gap nobody can replay. */
  gaps = $state(0);
  /** The instant, once a second, for whatever counts time. */
  now = $state(Date.now());

  #last = "";
  #tries = 0;
  #stop: AbortController | null = null;
  #timer = 0;
  #watchdog = 0;
  #wanted = new Set<string>();
  #asking = false;
  #heard = new Set<(what: Happening, job: Job) => void>();

  begin(): void {
    setInterval(() => (this.now = Date.now()), 1000);
    setInterval(() => void this.outlooks(), OUTLOOK_MS);
    addEventListener("online", () => this.again());
    addEventListener("offline", () => this.#lost());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.state !== "live") this.again();
    });
    void this.#listen();
  }

  /** Come back at once. */
  again(): void {
    this.#tries = 0;
    clearTimeout(this.#timer);
    this.#stop?.abort();
    void this.#listen();
  }

  onChange(heard: (what: Happening, job: Job) => void): () => void {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  }

  /** Keep what was read, unless something newer is known. Lists leave cost and outlook out: what is known of them stays. */
  keep(jobs: Iterable<Job>): void {
    for (const job of jobs) {
      const known = this.jobs.get(job.id);
      if (!known || known.version < job.version) this.jobs.set(job.id, job);
      else if (known.version === job.version) this.jobs.set(job.id, { ...job, cost: job.cost ?? known.cost ?? null, progress: job.progress ?? known.progress ?? null });
    }
  }

  /** How far running jobs may be, read anew: it changes by the second, and the stream says nothing of it. */
  async outlooks(): Promise<void> {
    if (document.visibilityState !== "visible" || this.state !== "live") return;
    const running = [...this.jobs.values()].filter((j) => j.state === "generating").slice(0, OUTLOOKS_MAX);
    const read = await Promise.all(running.map((j) => ask("get", "/v1/jobs/{job_id}", { path: { job_id: j.id } }).catch(() => null)));
    this.keep(read.filter((j): j is Job => j !== null));
  }

  async #listen(): Promise<void> {
    const stop = (this.#stop = new AbortController());
    try {
      const first = this.#last === "";
      const headers: Record<string, string> = first ? {} : { "Last-Event-ID": this.#last };
      this.#watch(stop);
      const answer = await send("GET", address("/v1/events"), undefined, headers, stop.signal);
      this.state = "live";
      this.#tries = 0;
      if (first) this.gaps += 1;
      await this.#read(answer, stop);
    } catch (error) {
      if (stop !== this.#stop) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
        this.state = "locked";
        return;
      }
      if (error instanceof Refused) this.#last = ""; // a number of another server: begin anew
    }
    if (stop === this.#stop) this.#lost();
  }

  #lost(): void {
    this.state = "offline";
    this.#stop?.abort();
    this.#stop = null;
    clearTimeout(this.#timer);
    const wait = BACK_MS[Math.min(this.#tries++, BACK_MS.length - 1)];
    this.#timer = window.setTimeout(() => void this.#listen(), wait);
  }

  #watch(stop: AbortController): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = window.setTimeout(() => {
      if (stop === this.#stop) this.again();
    }, SILENCE_MS);
  }

  async #read(answer: Response, stop: AbortController): Promise<void> {
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done || stop !== this.#stop) return;
      this.#watch(stop);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    let id = "";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("id:")) id = line.slice(3).trim();
      else if (line.startsWith("data:")) data += line.slice(5).trim();
    }
    if (!data) return;
    if (id) this.#last = id;
    const what: Happening = JSON.parse(data);
    const known = this.jobs.get(what.job);
    if (known && known.version >= what.version) return;
    this.#wanted.add(what.job);
    this.#news.set(what.job, what);
    if (!this.#asking) void this.#fetch();
  }

  #news = new Map<string, Happening>();

  /** Read the jobs that changed, however often they did meanwhile. */
  async #fetch(): Promise<void> {
    this.#asking = true;
    try {
      while (this.#wanted.size) {
        const some = [...this.#wanted].slice(0, 8);
        for (const id of some) this.#wanted.delete(id);
        await Promise.all(
          some.map(async (id) => {
            try {
              const job = await ask("get", "/v1/jobs/{job_id}", { path: { job_id: id } });
              this.keep([job]);
              const what = this.#news.get(id);
              if (what) for (const heard of this.#heard) heard(what, job);
            } catch (error) {
              if (error instanceof Refused && error.status === 404) this.jobs.delete(id);
              else if (!(error instanceof Refused)) this.gaps += 1;
            }
          }),
        );
      }
    } finally {
      this.#asking = false;
    }
  }
}

export const live = new Live();
gate.closed = () => (live.state = "locked");
