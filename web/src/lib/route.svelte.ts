/** Where in the page one is: `#/room/subject?query`. */
class Place {
  #hash = $state(location.hash);
  readonly room = $derived(this.#parts()[0] || "make");
  readonly subject = $derived(decodeURIComponent(this.#parts()[1] ?? ""));
  readonly query = $derived(new URLSearchParams(this.#hash.split("?")[1] ?? ""));

  constructor() {
    addEventListener("hashchange", () => {
      this.#hash = location.hash;
      scrollTo(0, 0);
    });
  }

  #parts(): string[] {
    return (this.#hash.split("?")[0] ?? "").replace(/^#\/?/, "").split("/");
  }

  go(path: string): void {
    location.hash = path;
  }
}

export const place = new Place();
export const to = (room: string, subject = ""): string => `#/${room}${subject ? `/${encodeURIComponent(subject)}` : ""}`;
