/** A picture an order starts from: taken, framed, checked, sent ahead. It outlives the page it was given on, not a reload. */
import { address, send, upload, type Model } from "./api";
import { wordsOf } from "./reasons";
import { crop, MIDDLE, open, trouble, type Frame, type Picture } from "./picture";
import { t } from "./words.svelte";

const SETTLE_MS = 350; // a frame that is being moved is not sent at every step

export class Still {
  whole = $state.raw<Picture | null>(null);
  /** An address the order names in place of a picture of ours. */
  link = $state("");
  frame = $state.raw<Frame>(MIDDLE);
  /** What will be sent, and what an order says for it once it lies on the server. */
  size = $state.raw<{ width: number; height: number } | null>(null);
  reference = $state("");
  wrong = $state("");
  busy = $state(false);
  #turn = 0;
  #timer = 0;
  #sent: unknown[] = [];

  get filled(): boolean {
    return this.whole !== null || this.link !== "";
  }

  /** A picture that came by drop, paste or the picker; what was there before is not ordered any more from now on. */
  async take(blob: Blob, name: string): Promise<void> {
    this.clear();
    const mine = this.#turn;
    this.busy = true;
    const found = await open(blob, name || "picture");
    if (mine !== this.#turn) return;
    this.busy = false;
    this.whole = found;
    if (!found) this.wrong = t("pic.broken");
  }

  /** What another job started from, as far as the server has it. */
  async again(job: string, input: { role: string; url?: string | null; file?: string | null }): Promise<void> {
    this.clear();
    if (input.url) {
      this.link = this.reference = input.url;
      return;
    }
    const mine = this.#turn;
    this.busy = true;
    try {
      const kept = await (await send("GET", address("/v1/jobs/{job_id}/inputs/{role}", { job_id: job, role: input.role }))).blob();
      if (mine === this.#turn) await this.take(kept, input.file ?? input.role);
    } catch (error) {
      if (mine !== this.#turn) return;
      this.busy = false;
      this.wrong = wordsOf(error);
    }
  }

  clear(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    if (this.whole) URL.revokeObjectURL(this.whole.url);
    this.whole = this.size = null;
    this.link = this.reference = this.wrong = "";
    this.frame = MIDDLE;
    this.busy = false;
    this.#sent = [];
  }

  /** Have it ready in a shape ("": as it is): framed, checked, sent ahead. Called again at every change. */
  prepare(shape: string, rule: Model["pictures"]): void {
    const { whole, frame } = this;
    if (!whole) return;
    const wanted = [whole, shape, shape ? frame : null, rule];
    if (wanted.every((one, i) => one === this.#sent[i])) return;
    const again = this.#sent[0] === whole && this.#sent[1] === shape;
    this.#sent = wanted;
    const mine = ++this.#turn;
    this.reference = this.wrong = "";
    this.busy = true;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#send(mine, whole, shape, rule), again ? SETTLE_MS : 0);
  }

  async #send(mine: number, whole: Picture, shape: string, rule: Model["pictures"]): Promise<void> {
    try {
      const ready = shape ? await crop(whole, shape, this.frame) : whole;
      if (mine !== this.#turn || !ready) return;
      this.size = { width: ready.width, height: ready.height };
      const amiss = trouble(ready, rule);
      if (amiss) {
        this.wrong = t(amiss.key, amiss.given);
        return;
      }
      const sent = await upload(ready.blob, ready.name);
      if (mine === this.#turn) this.reference = sent;
    } catch (error) {
      if (mine !== this.#turn) return;
      this.wrong = wordsOf(error);
      this.#sent = []; // not sent: the next look tries again
    } finally {
      if (mine === this.#turn) this.busy = false;
    }
  }
}
