/** Pictures and clips come to the page here. Pictures load a few at a time, the latest asked for first: a browser opens
 * six connections to a server, and a gallery must not take them all from what a person is waiting for. Where the server
 * wants a token, which no <img> can send, the bytes are fetched with it and shown from memory.
 */
import { gate, send } from "./api";

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

/** Give an element its source, by way of memory where a token is needed. */
async function show(element: HTMLImageElement | HTMLVideoElement, src: string, gone: AbortSignal): Promise<void> {
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

/** A Svelte action: a video or a picture gets its source at once. */
export function shown(element: HTMLImageElement | HTMLVideoElement, src: string): { destroy: () => void } {
  const gone = new AbortController();
  show(element, src, gone.signal).catch(() => undefined);
  return {
    destroy: () => {
      gone.abort();
      element.removeAttribute("src");
      if (element instanceof HTMLVideoElement) element.load(); // lets go of the connection
    },
  };
}

/** Save a file of the server's under a name. */
export async function download(src: string, name: string): Promise<void> {
  const a = document.createElement("a");
  a.download = name;
  a.href = gate.token ? URL.createObjectURL(await (await send("GET", src)).blob()) : src;
  a.click();
  if (gate.token) setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
}
