/** Pictures loaded a few at a time, the latest asked for first: a browser opens six connections to a server, and a
 * gallery must not take them all from what a person is waiting for. */
const AT_ONCE = 3;
const waiting: Wait[] = [];
let under = 0;

interface Wait {
  image: HTMLImageElement;
  src: string;
}

function next(): void {
  while (under < AT_ONCE) {
    const one = waiting.pop();
    if (!one) return;
    under += 1;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      under -= 1;
      next();
    };
    one.image.addEventListener("load", end, { once: true });
    one.image.addEventListener("error", end, { once: true });
    one.image.addEventListener("wanreel-gone", end, { once: true });
    one.image.src = one.src;
  }
}

/** A Svelte action: give an image its source when its turn comes, and let go when it leaves the page. */
export function calm(image: HTMLImageElement, src: string): { destroy: () => void } {
  const mine = { image, src };
  waiting.push(mine);
  queueMicrotask(next);
  return {
    destroy: () => {
      const at = waiting.indexOf(mine);
      if (at >= 0) waiting.splice(at, 1);
      else {
        image.dispatchEvent(new Event("wanreel-gone"));
        if (!image.complete) image.removeAttribute("src");
      }
    },
  };
}
