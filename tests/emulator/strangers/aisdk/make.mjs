// Makes one t2v and one i2v clip through the AI SDK's Alibaba provider, and with a second picture one from a first and a
// last frame; prints what came back as one JSON object.
//
// The provider (1.0.61, dist/index.mjs, `doGenerate`) puts a last frame on the wire for ids that begin with wan3 alone, as
// `input.media`; for every other it says "This model does not support last_frame" and drops it. Of a name with kf2v in it
// it knows no mode at all: it sends the words, and neither picture.
import { createAlibaba } from '@ai-sdk/alibaba';
import { experimental_generateVideo as generateVideo } from 'ai';

const [host, picture, last] = process.argv.slice(2);
const provider = createAlibaba({ apiKey: 'sk-aisdk', videoBaseURL: host });
const options = { alibaba: { pollIntervalMs: 50 } };
// The SDK downloads from public addresses only; here the file is on this machine.
const download = async ({ url }) => {
  const answer = await fetch(url);
  return { data: new Uint8Array(await answer.arrayBuffer()), mediaType: answer.headers.get('content-type') };
};

async function make(model, prompt, rest) {
  const made = await generateVideo({
    model: provider.video(model), prompt, providerOptions: options, maxRetries: 0, download, ...rest,
  });
  const head = Buffer.from(made.video.uint8Array.slice(4, 8)).toString();
  return { head, bytes: made.video.uint8Array.length, mediaType: made.video.mediaType, warnings: made.warnings };
}

const t2v = await make('wan2.6-t2v', 'a red fox in fresh snow', { resolution: '1280x720', duration: 5 });
const i2v = await make('wan2.6-i2v-flash', { text: 'it runs', image: picture }, { resolution: '1280x720' });
const story = { t2v, i2v };
if (last) {
  const frameImages = [{ image: picture, frameType: 'first_frame' }, { image: last, frameType: 'last_frame' }];
  story.kf2v = await make('wan3.0-video', 'it blooms', { frameImages, resolution: '1280x720', duration: 5 });
  story.flash = await make('wan2.2-kf2v-flash', 'it blooms', { frameImages }).catch((error) => ({ error: error.message }));
}
console.log(JSON.stringify(story));
