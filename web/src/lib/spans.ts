/** Spans of a prompt: the server counts code points, browsers count UTF-16 units. */
import type { Finding } from "./api";

export interface Piece {
  text: string;
  finding: Finding | null;
}

/** A text cut where findings begin and end; the worse of two that overlap wins. */
export function segments(text: string, findings: Finding[]): Piece[] {
  const points = [...text];
  const owner: (Finding | null)[] = points.map(() => null);
  for (const f of findings) for (let i = f.start; i < Math.min(f.end, points.length); i += 1) owner[i] ??= f;
  const pieces: Piece[] = [];
  let from = 0;
  for (let i = 1; i <= points.length; i += 1) {
    if (i === points.length || owner[i] !== owner[from]) {
      pieces.push({ text: points.slice(from, i).join(""), finding: owner[from] ?? null });
      from = i;
    }
  }
  return pieces;
}

/** Where a code point stands among UTF-16 units. */
export const utf16 = (text: string, at: number): number => [...text].slice(0, at).join("").length;

/** The text without a span, and without the comma that would be left over. */
export function without(text: string, start: number, end: number): string {
  const points = [...text];
  const before = points.slice(0, start).join("").replace(/[\s,，、;；]+$/u, "");
  const after = points.slice(end).join("").replace(/^[\s,，、;；]+/u, "");
  if (!before || !after) return (before + after).trim();
  if (/^[.。!！?？]/u.test(after)) return before + after;
  const chinese = /[\u3400-\u9fff]$/u.test(before);
  return /[.。!！?？]$/u.test(before) ? `${before} ${after}` : `${before}${chinese ? "，" : ", "}${after}`;
}
