/** Pictures a clip starts from: checked at once, cut to a frame where wanted. Nothing leaves the page here. */
import type { Model } from "./api";

export interface Picture {
  blob: Blob;
  name: string;
  url: string;
  width: number;
  height: number;
}

export type Trouble = { key: "pic.type" | "pic.small" | "pic.large" | "pic.bytes" | "pic.long" | "pic.broken"; given: Record<string, string | number> };

const KINDS: Record<string, string> = { "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/bmp": "BMP" };

/** Read a picture; what is wrong with it for a model, or null. */
export async function open(blob: Blob, name: string): Promise<Picture | null> {
  try {
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    bitmap.close();
    return { blob, name, url: URL.createObjectURL(blob), width, height };
  } catch {
    return null;
  }
}

export function trouble(picture: Picture, rule: Model["pictures"]): Trouble | null {
  if (!rule) return null;
  const kind = KINDS[picture.blob.type];
  if (!kind || !rule.formats.includes(kind)) return { key: "pic.type", given: { formats: rule.formats.join(", ") } };
  const short = Math.min(picture.width, picture.height);
  const long = Math.max(picture.width, picture.height);
  if (short < rule.side_min) return { key: "pic.small", given: { side: rule.side_min, width: picture.width, height: picture.height } };
  if (long > rule.side_max) return { key: "pic.large", given: { side: rule.side_max, width: picture.width, height: picture.height } };
  if (rule.ratio_max && long / short > rule.ratio_max) return { key: "pic.long", given: { ratio: rule.ratio_max } };
  if (picture.blob.size > rule.bytes_max) return { key: "pic.bytes", given: { most: Math.floor(rule.bytes_max / 1048576) } };
  return null;
}

/** Cut the middle out of a picture so that it has a shape such as 16:9; transparent parts become white. */
export async function crop(picture: Picture, ratio: string): Promise<Picture | null> {
  const [w, h] = ratio.split(":").map(Number);
  if (!w || !h) return picture;
  const bitmap = await createImageBitmap(picture.blob);
  const width = Math.round(Math.min(bitmap.width, (bitmap.height * w) / h));
  const height = Math.round(Math.min(bitmap.height, (bitmap.width * h) / w));
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const brush = canvas.getContext("2d");
  if (!brush) return null;
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, width, height);
  brush.drawImage(bitmap, (bitmap.width - width) / 2, (bitmap.height - height) / 2, width, height, 0, 0, width, height);
  bitmap.close();
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  return blob && { blob, name: picture.name.replace(/\.\w+$/, "") + ".jpg", url: URL.createObjectURL(blob), width, height };
}
