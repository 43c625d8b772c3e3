import { t, words } from "./words.svelte";

const UNITS: Record<string, string> = { s: " 秒", min: " 分钟", h: " 小时" };
const span = (text: string): string => text.replace(/ (s|min|h)$/, (_, unit: string) => UNITS[unit] ?? "");

const SEARCHED = "the vendor's list is searched for its task; ";
const NEXT: [RegExp, "doubt.next.proof" | "doubt.next.any" | "doubt.next.person"][] = [
  [new RegExp(`^${SEARCHED}if none is there, that can be proven from (.+?) UTC on, and it is sent again or a person is asked; `), "doubt.next.proof"],
  [new RegExp(`^${SEARCHED}any look may end it now: found, sent again, or asked; `), "doubt.next.any"],
  [/^a person decides, unless the vendor's list does first: it is read on; /, "doubt.next.person"],
];

/** What comes next of a doubt, and how long it holds its slot. */
function ofDoubt(said: string): string | null {
  for (const [shape, key] of NEXT) {
    const found = shape.exec(said);
    if (!found) continue;
    const held = /its slot is held until (.+?) UTC at the latest$/.exec(said);
    return t(key, { at: found[1] ?? "" }) + (held ? t("doubt.slot.held", { at: held[1]! }) : t("doubt.slot.free"));
  }
  return null;
}

/** The server's sentence on how far a clip may be, or what comes next of a doubt, in the page's language; as it came where
 * it has another form.
 */
export function outlook(said: string): string {
  if (words.language === "en") return said;
  const doubt = ofDoubt(said);
  if (doubt !== null) return doubt;
  const usual = /^usually (.+?); (.+)$/.exec(said);
  const left = /^(\d+%) of such clips are ready by now, about (.+) to go$/.exec(usual?.[2] ?? "");
  if (usual && left) return t("outlook", { usual: span(usual[1]!), ready: left[1]!, left: span(left[2]!) });
  if (usual?.[2] === "it takes longer than nearly all such clips") return t("outlook.late", { usual: span(usual[1]!) });
  return said;
}
