// Makes equal clips through the AI SDK's Alibaba provider at its default retries; prints how many came.
// Arguments: address, how (`once`, `side`: three at once, `looked`: three one after another), a time-out in ms if any,
// an idempotency key if any.
import { createAlibaba } from '@ai-sdk/alibaba';
import { experimental_generateVideo as generateVideo } from 'ai';

const [host, how, timeoutMs, key] = process.argv.slice(2);
// What the runtime's own time-out does to a fetch, only sooner.
const impatient = async (url, init) => {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(Number(timeoutMs)) });
  } catch (error) {
    throw new TypeError('fetch failed', { cause: error });
  }
};
const provider = createAlibaba({ apiKey: 'sk-any', videoBaseURL: host, fetch: Number(timeoutMs) ? impatient : undefined });
const download = async ({ url }) => {
  const answer = await fetch(url);
  return { data: new Uint8Array(await answer.arrayBuffer()), mediaType: answer.headers.get('content-type') };
};
const make = () => generateVideo({
  model: provider.video('wan2.5-t2v-preview'), prompt: 'a red fox', download,
  providerOptions: { alibaba: { pollIntervalMs: 200 } }, ...(key ? { headers: { 'Idempotency-Key': key } } : {}),
});

let came = [];
if (how === 'side') came = await Promise.all([make(), make(), make()]);
else for (let n = 0; n < (how === 'looked' ? 3 : 1); n += 1) came.push(await make());
console.log(JSON.stringify(came.map((made) => made.video.uint8Array.length)));
