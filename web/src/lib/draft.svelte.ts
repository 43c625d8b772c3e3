/** What is being composed: kept in this browser until it is ordered, so that a reload costs nothing. */
import { ask, type Job, type Model, type Order } from "./api";
import { Still } from "./still.svelte";

export type Mode = "t2v" | "i2v" | "kf2v";
const STORED = "wanreel.draft";

const blank = () => ({
  mode: "t2v" as Mode,
  prompt: "",
  negative: "",
  model: "",
  tier: "720P",
  ratio: "16:9",
  crop: "",
  seconds: 5,
  seed: "",
  variants: 1,
  rewrite: true,
  sound: true,
  project: "",
  tags: "",
  name: "",
});

export type Draft = ReturnType<typeof blank>;

function kept(): Draft {
  try {
    return { ...blank(), ...(JSON.parse(localStorage.getItem(STORED) ?? "{}") as Partial<Draft>) };
  } catch {
    return blank();
  }
}

class Composing {
  draft = $state<Draft>(kept());
  readonly first = new Still();
  readonly last = new Still();
  models = $state.raw<Model[]>([]);
  defaults = $state.raw<Record<string, string>>({});
  /** The order's own key: sent again after a lost answer, it buys nothing twice. */
  #key = { of: "", key: "" };

  keep(): void {
    localStorage.setItem(STORED, JSON.stringify(this.draft));
  }

  async open(): Promise<void> {
    const list = await ask("get", "/v1/models");
    this.models = list.data;
    this.defaults = list.defaults;
  }

  /** Models for the mode, the current ones first, without one day's states of them. */
  readonly choice = $derived(
    this.models
      .filter((m) => m.here && m.modes.includes(this.draft.mode) && m.tiers.length > 0 && m.seconds.length > 0 && !m.snapshot_of && !["deprecated", "undocumented"].includes(m.status))
      .sort((a, b) => Number(b.id === this.defaults[this.draft.mode]) - Number(a.id === this.defaults[this.draft.mode]) || Number(b.status === "current") - Number(a.status === "current")),
  );
  readonly model = $derived(this.choice.find((m) => m.id === this.draft.model) ?? this.choice[0]);
  readonly tier = $derived(this.model?.tiers.includes(this.draft.tier) ? this.draft.tier : (this.model?.tiers.at(-1) ?? this.draft.tier));
  readonly ratio = $derived(this.model?.ratios.length ? (this.model.ratios.includes(this.draft.ratio) ? this.draft.ratio : this.model.ratios[0]!) : "");
  readonly seconds = $derived(this.model?.seconds.includes(this.draft.seconds) ? this.draft.seconds : (this.model?.seconds[0] ?? this.draft.seconds));
  readonly size = $derived(this.model?.sizes.find((s) => fits(s, this.ratio, this.tier)) ?? "");
  readonly ready = $derived(
    this.draft.mode === "t2v" ? this.draft.prompt.trim() !== "" : this.draft.mode === "i2v" ? this.first.reference !== "" : this.first.reference !== "" && this.last.reference !== "",
  );

  /** The order as it would be sent. */
  readonly order = $derived.by((): Order => {
    const d = this.draft;
    const order: Order = { prompt: d.prompt.trim() || null, mode: d.mode, model: this.model?.id ?? null, resolution: this.tier, duration_s: this.seconds, variants: d.variants };
    if (d.mode === "t2v" && this.ratio) order.ratio = this.ratio;
    if (d.mode !== "t2v") order.first_frame = this.first.reference;
    if (d.mode === "kf2v") order.last_frame = this.last.reference;
    if (d.negative.trim() && this.model?.negative_chars_max) order.negative_prompt = d.negative.trim();
    if (d.seed.trim() !== "" && Number.isInteger(Number(d.seed))) order.seed = Number(d.seed);
    if (this.model?.features.includes("prompt_extend")) order.prompt_extend = d.rewrite;
    if (this.model?.features.includes("audio")) order.audio = d.sound;
    if (d.project.trim()) order.project = d.project.trim();
    if (d.name.trim()) order.name = d.name.trim();
    const tags = d.tags.split(/[,，]/).map((x) => x.trim()).filter(Boolean);
    if (tags.length) order.tags = tags;
    return order;
  });

  async send(): Promise<Job[]> {
    const of = JSON.stringify(this.order);
    if (this.#key.of !== of) this.#key = { of, key: `studio-${random()}` };
    const made = await ask("post", "/v1/jobs", { body: this.order, headers: { "Idempotency-Key": this.#key.key } });
    this.#key = { of: "", key: "" };
    return made.jobs;
  }

  /** Begin from what another job was ordered with, its pictures among it, as they were sent. */
  take(job: Job): void {
    const mode = (["t2v", "i2v", "kf2v"].includes(job.mode) ? job.mode : "t2v") as Mode;
    this.draft = {
      ...blank(),
      mode,
      prompt: job.prompt,
      negative: job.negative_prompt ?? "",
      model: job.model,
      tier: job.resolution ?? tierOf(job.size) ?? "720P",
      ratio: job.ratio ?? shapeOf(job.size) ?? "16:9",
      seconds: job.duration_s ?? 5,
      project: job.project === "default" ? "" : job.project,
      tags: job.tags.join(", "),
      name: job.name ?? "",
    };
    this.keep();
    for (const [still, role] of [[this.first, "first_frame"], [this.last, "last_frame"]] as const) {
      const input = job.inputs.find((one) => one.role === role);
      if (input) void still.again(job.id, input);
      else still.clear();
    }
  }
}

const random = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
const sides = (size: string | null | undefined): [number, number] | null => {
  const [w, h] = (size ?? "").split("*").map(Number);
  return w && h ? [w, h] : null;
};
const PIXELS: Record<string, number> = { "480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080 };
const SHAPES = ["16:9", "9:16", "1:1", "4:3", "3:4"];

export function shapeOf(size: string | null | undefined): string | null {
  const found = sides(size);
  if (!found) return null;
  const actual = found[0] / found[1];
  return SHAPES.map((s) => ({ s, d: Math.abs(Math.log(actual / (Number(s.split(":")[0]) / Number(s.split(":")[1])))) })).sort((a, b) => a.d - b.d)[0]!.s;
}

export function tierOf(size: string | null | undefined): string | null {
  const found = sides(size);
  if (!found) return null;
  const pixels = found[0] * found[1];
  return Object.entries(PIXELS).sort((a, b) => Math.abs(Math.log(pixels / a[1])) - Math.abs(Math.log(pixels / b[1])))[0]![0];
}

const fits = (size: string, ratio: string, tier: string): boolean => shapeOf(size) === ratio && tierOf(size) === tier;

export const composing = new Composing();
