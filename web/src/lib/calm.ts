/** Pictures and clips come to the page here. Pictures load a few at a time, the latest asked for first: a browser opens
 * six connections to a server, and a gallery must not take them all from what a person is waiting for. Where the server
 * wants a token, which no <img> and no <video> can send, a picture's bytes are fetched with it and shown from memory;
 * a clip streams from a short signed link.
 */
import { ask, gate, media, send } from "./api";

const AT_ONCE = 3;
const waiting: Wait[] = [];
let under = 0;

interface Wait {
  element: HTMLImageElement;
  src: string;
  gone: AbortController;
}

function next(): void {
  while (under < AT_ONCE) {
    const one = waiting.pop();
    if (!one) return;
    under += 1;
    void load(one).finally(() => {
      under -= 1;
      next();
    });
  }
}

function load({ element, src, gone }: Wait): Promise<void> {
  return new Promise((done) => {
    element.addEventListener("load", () => done(), { once: true });
    element.addEventListener("error", () => done(), { once: true });
    gone.signal.addEventListener("abort", () => done(), { once: true });
    show(element, src, gone.signal).catch(() => done());
  });
}

/** Give an image its source, by way of memory where a token is needed. */
async function show(element: HTMLImageElement, src: string, gone: AbortSignal): Promise<void> {
  if (!gate.token) {
    element.src = src;
    return;
  }
  const blob = await (await send("GET", src, undefined, {}, gone)).blob();
  if (gone.aborted) return;
  const url = URL.createObjectURL(blob);
  element.src = url;
  gone.addEventListener("abort", () => URL.revokeObjectURL(url));
}

/** Where a clip can be had by its address alone: signed for a while where the server wants tokens. */
async function address(job: string, gone?: AbortSignal): Promise<string> {
  if (!gate.token) return media({ id: job });
  const link = await ask("get", "/v1/jobs/{job_id}/artifact/link", { path: { job_id: job }, query: { variant: "video" }, ...(gone ? { signal: gone } : {}) });
  return `.${link.url}`;
}

/** A Svelte action: an image gets its source when its turn comes, and lets go when it leaves the page. */
export function calm(element: HTMLImageElement, src: string): { destroy: () => void } {
  const mine = { element, src, gone: new AbortController() };
  waiting.push(mine);
  queueMicrotask(next);
  return {
    destroy: () => {
      const at = waiting.indexOf(mine);
      if (at >= 0) waiting.splice(at, 1);
      mine.gone.abort();
      if (!element.complete) element.removeAttribute("src");
    },
  };
}

/** A Svelte action: a video streams its clip. A link that has ended while the page was open is fetched anew, and the
 * clip goes on where it was; a server that cannot be reached is asked again when there is a network.
 */
export function film(element: HTMLVideoElement, job: string): { destroy: () => void } {
  const gone = new AbortController();
  let played = false; // a clip that never came is not asked for again and again
  async function give(): Promise<void> {
    played = false;
    const src = await address(job, gone.signal);
    if (gone.signal.aborted) return;
    const { currentTime: at, paused } = element;
    element.src = src;
    if (at) element.currentTime = at;
    if (!paused) element.play().catch(() => undefined);
  }
  const again = (): void => void give().catch(() => undefined);
  element.addEventListener("loadeddata", () => (played = true), { signal: gone.signal });
  element.addEventListener("error", () => played && again(), { signal: gone.signal });
  addEventListener("online", () => element.error && again(), { signal: gone.signal });
  again();
  return {
    destroy: () => {
      gone.abort();
      element.removeAttribute("src");
      element.load(); // lets go of the connection
    },
  };
}

/** Save a job's clip under a name; the browser fetches it, piece by piece. */
export async function download(job: string, name: string): Promise<void> {
  const a = document.createElement("a");
  a.download = name;
  a.href = await address(job);
  a.click();
}
