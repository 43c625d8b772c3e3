/** How to make a clip again from a program: the same order as text for a shell, and for Python. */
import type { Job } from "./api";

function wish(job: Job): Record<string, unknown> {
  const w: Record<string, unknown> = { prompt: job.prompt, model: job.model };
  if (job.negative_prompt) w["negative_prompt"] = job.negative_prompt;
  if (job.size) w["size"] = job.size;
  if (job.resolution) w["resolution"] = job.resolution;
  if (job.ratio) w["ratio"] = job.ratio;
  if (job.duration_s) w["duration_s"] = job.duration_s;
  if (job.seed !== null && job.seed !== undefined) w["seed"] = job.seed;
  for (const input of job.inputs) w[input.role] = input.url ?? `PATH/TO/${input.file ?? input.role}`;
  return w;
}

/** For a POSIX shell: in single quotes nothing has a meaning but the quote itself. */
export function curl(job: Job): string {
  const body = JSON.stringify(wish(job), null, 1).replaceAll("'", "'\\''");
  return `curl ${new URL("./v1/jobs", location.href).href} \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

/** JSON's texts are Python's: the same escapes. */
export function python(job: Job): string {
  const { prompt, ...rest } = wish(job);
  const named = Object.entries(rest).map(([name, value]) => `    ${name}=${JSON.stringify(value)},`);
  return `from wanreel import Client\n\nwith Client() as wan:\n  video = wan.generate(\n    ${JSON.stringify(prompt)},\n${named.join("\n")}\n  )\n  print(video.path)`;
}
