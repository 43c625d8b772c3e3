/** Asking the server: paths, queries, bodies and answers have the types of its own OpenAPI document. */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Job = Schemas["JobOut"];
export type Order = Schemas["OrderIn"];
export type Marking = Schemas["MarkIn"];
export type Planned = Schemas["Planned"];
export type Model = Schemas["ModelOut"];
export type Finding = Schemas["FindingOut"];
export type Lint = Schemas["LintOut"];
export type Slots = Schemas["SlotsIO"];
export type Budget = Schemas["BudgetOut"];
export type Happening = Schemas["Event"];

type Verb = "get" | "post" | "put" | "patch" | "delete";
type Has<M extends Verb> = { [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Verb> = NonNullable<paths[P][M]>;
type Body<O> = O extends { requestBody?: infer B } ? (NonNullable<B> extends { content: { "application/json": infer J } } ? J : never) : never;
type Params<O, K extends "path" | "query"> = O extends { parameters: infer A } ? (A extends { [key in K]?: infer V } ? V : never) : never;
type Content<R> = R extends { content: { "application/json": infer J } } ? J : never;
type Answers<O> = O extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 201 | 202 ? Content<R[S]> : never }[keyof R] : never;

export interface Ask<O> {
  path?: Params<O, "path">;
  query?: Params<O, "query">;
  body?: Body<O>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** One thing wrong with a request: by field, in the server's words, and by the rule where that has a name. */
export interface Wrong {
  field: string;
  message: string;
  given?: string;
  code?: string;
}

/** What the server would not do, in its words, by field where it named one. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problems: Wrong[] = [],
  ) {
    super(message);
  }
}

/** There was no answer: no network, or no server. */
export class Unreachable extends Error {}

const KEY = "wanreel.token";

class Gate {
  token = localStorage.getItem(KEY) ?? "";
  /** Called when a token is wanted. */
  closed: () => void = () => undefined;

  keep(token: string): void {
    this.token = token;
    if (token) localStorage.setItem(KEY, token);
    else localStorage.removeItem(KEY);
  }

  headers(): Record<string, string> {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }
}

export const gate = new Gate();

export function address(path: string, parts: object = {}, query: object = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String((parts as Record<string, unknown>)[name])));
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null && one !== "") words.append(name, String(one));
  }
  const text = words.toString();
  return `.${filled}${text ? `?${text}` : ""}`;
}

/** Send one request. Throws `Refused` or `Unreachable`. */
export async function send(method: string, url: string, body?: BodyInit, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  let answer: Response;
  const token = gate.token;
  try {
    answer = await fetch(url, { method, headers: { ...gate.headers(), ...headers }, ...(body === undefined ? {} : { body }), ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && token === gate.token) gate.closed(); // an answer to an older token says nothing of this one
  let told: { code?: string; detail?: string; title?: string; problems?: Wrong[] } = {};
  try {
    told = await answer.json();
  } catch {
    if (answer.status >= 502) throw new Unreachable(String(answer.status));
  }
  throw new Refused(answer.status, told.code ?? "", told.detail ?? told.title ?? answer.statusText, told.problems);
}

export async function ask<M extends Verb, P extends Has<M>>(method: M, path: P, what: Ask<Operation<P, M>> = {}): Promise<Answers<Operation<P, M>>> {
  const url = address(path, what.path ?? {}, what.query ?? {});
  const has = what.body !== undefined;
  const headers = { ...(has ? { "Content-Type": "application/json" } : {}), ...what.headers };
  const answer = await send(method.toUpperCase(), url, has ? JSON.stringify(what.body) : undefined, headers, what.signal);
  return answer.status === 204 ? (undefined as never) : answer.json();
}

/** Send a file ahead of an order; what the order says for it comes back. */
export async function upload(file: Blob, name: string): Promise<string> {
  const answer = await send("POST", address("/v1/uploads", {}, { name }), file, { "Content-Type": "application/octet-stream" });
  const kept: Schemas["UploadOut"] = await answer.json();
  return kept.reference;
}

export type View = "video" | "poster" | "thumbnail" | "sheet";

/** Where a job's clip, or what is derived from it, can be had. */
export const media = (job: Pick<Job, "id">, variant: View = "video"): string =>
  address("/v1/jobs/{job_id}/artifact", { job_id: job.id }, variant === "video" ? {} : { variant });
