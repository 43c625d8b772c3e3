/** Short words at the edge of the page: what was done, or why not. */
class Saying {
  said = $state<{ id: number; text: string; bad: boolean }[]>([]);
  #next = 1;

  say(text: string, bad = false): void {
    const id = this.#next++;
    this.said.push({ id, text, bad });
    setTimeout(() => this.unsay(id), bad ? 9000 : 4000);
  }

  unsay(id: number): void {
    this.said = this.said.filter((one) => one.id !== id);
  }
}

export const saying = new Saying();
export const say = (text: string, bad = false): void => saying.say(text, bad);
