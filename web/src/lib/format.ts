/** Amounts, times and sizes as people write them. */
import { words } from "./words.svelte";

export function money(amount: string | number | null | undefined, currency: string): string {
  if (amount === null || amount === undefined) return "–";
  const figure = Number(amount);
  const digits = figure !== 0 && Math.abs(figure) < 0.1 ? 4 : 2;
  try {
    return new Intl.NumberFormat(words.locale, { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: digits }).format(figure);
  } catch {
    return `${currency} ${figure.toFixed(digits)}`;
  }
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

export function ago(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  const by = new Intl.RelativeTimeFormat(words.locale, { numeric: "auto", style: "short" });
  const size = Math.abs(seconds);
  if (size < 60) return by.format(Math.round(seconds), "second");
  if (size < 3600) return by.format(Math.round(seconds / 60), "minute");
  if (size < 86400) return by.format(Math.round(seconds / 3600), "hour");
  return by.format(Math.round(seconds / 86400), "day");
}

export const when = (iso: string): string => new Intl.DateTimeFormat(words.locale, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let figure = count;
  let unit = 0;
  while (figure >= 1000 && unit < units.length - 1) {
    figure /= 1000;
    unit += 1;
  }
  return `${figure.toFixed(unit && figure < 10 ? 1 : 0)} ${units[unit]}`;
}

export const number = (figure: number): string => new Intl.NumberFormat(words.locale).format(figure);
