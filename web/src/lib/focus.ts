/** Where the focus goes when what had it is taken away: a row that moves on, a form that closes, a page that is left.
 * Without this a browser drops it on the document: keys do nothing there, and a screen reader falls silent.
 */
const CAN = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, summary, [tabindex="0"]';

interface Had {
  element: HTMLElement;
  /** Its ancestors, nearest first. */
  above: HTMLElement[];
  job: string;
  label: string;
}

const named = (element: HTMLElement): string => element.getAttribute("aria-label") ?? element.textContent.trim();

function heir(had: Had): HTMLElement | null {
  const row = had.job ? document.querySelector<HTMLElement>(`main [data-job="${CSS.escape(had.job)}"]`) : null;
  for (const place of [row, ...had.above.filter((one) => one.isConnected)]) {
    if (!place || place.id === "main") continue;
    const all = [...place.querySelectorAll<HTMLElement>(CAN)].filter((one) => one.tabIndex >= 0);
    const found = all.find((one) => named(one) === had.label) ?? all[0];
    if (found) return found;
  }
  return document.getElementById("main");
}

/** Watch over the focus below an element, for as long as the page is open. */
export function keepFocus(root: HTMLElement): void {
  let had: Had | null = null;
  root.addEventListener("focusin", (event) => {
    const element = event.target as HTMLElement;
    const above: HTMLElement[] = [];
    for (let at = element.parentElement; at && at !== root; at = at.parentElement) above.push(at);
    had = { element, above, job: element.closest<HTMLElement>("[data-job]")?.dataset["job"] ?? "", label: named(element) };
  });
  document.addEventListener("pointerdown", () => (had = null)); // whoever points needs no help to find the place again
  new MutationObserver(() => {
    if (!had || had.element.isConnected || document.activeElement !== document.body) return;
    const one = had;
    had = null;
    heir(one)?.focus({ preventScroll: true });
  }).observe(root, { childList: true, subtree: true });
}
