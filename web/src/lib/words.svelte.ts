/** Every text of the page, in both languages; the browser's choice until a person's. */
import { en, type Key } from "../words/en";
import { zh } from "../words/zh";

export type Language = "en" | "zh";
const STORED = "wanreel.language";
const first = (): Language => {
  const kept = localStorage.getItem(STORED);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages.find((l) => /^(en|zh)/.test(l))?.startsWith("zh") ? "zh" : "en";
};

class Words {
  language = $state<Language>(first());
  readonly locale = $derived(this.language === "zh" ? "zh-CN" : "en");

  choose(language: Language): void {
    this.language = language;
    localStorage.setItem(STORED, language);
  }
}

export const words = new Words();

/** A text by its key, `{name}`s filled in. */
export function t(key: Key, given: Record<string, string | number> = {}): string {
  const text = (words.language === "zh" ? zh : en)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(given[name] ?? whole));
}

/** Whether the page has a text for a word of the server's. */
export const has = (prefix: string, word: string): boolean => `${prefix}.${word}` in en;

/** A text whose key is made of a word of the server's; that word itself where the page has none for it. */
export function tell(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return key in en ? t(key as Key) : word;
}
