/** The server's sentence on how far a running clip may be, in the page's language; as it came where it has another form. */
import { t, words } from "./words.svelte";

const UNITS: Record<string, string> = { s: " 秒", min: " 分钟", h: " 小时" };
const span = (text: string): string => text.replace(/ (s|min|h)$/, (_, unit: string) => UNITS[unit] ?? "");

export function outlook(said: string): string {
  if (words.language === "en") return said;
  const usual = /^usually (.+?); (.+)$/.exec(said);
  const left = /^(\d+%) of such clips are ready by now, about (.+) to go$/.exec(usual?.[2] ?? "");
  if (usual && left) return t("outlook", { usual: span(usual[1]!), ready: left[1]!, left: span(left[2]!) });
  if (usual?.[2] === "it takes longer than nearly all such clips") return t("outlook.late", { usual: span(usual[1]!) });
  return said;
}
