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

/** Where in a picture the frame is: its middle, in parts of the picture's sides, and how far it is zoomed in. */
export interface Frame {
  x: number;
  y: number;
  zoom: number;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const MIDDLE: Frame = { x: 0.5, y: 0.5, zoom: 1 };
const ZOOM_MAX = 4;

/** The largest frame of a shape such as 16:9 in a picture, in its pixels. */
function largest(picture: Picture, ratio: string): { width: number; height: number } {
  const [w, h] = ratio.split(":").map(Number);
  if (!w || !h) return picture;
  return { width: Math.min(picture.width, (picture.height * w) / h), height: Math.min(picture.height, (picture.width * h) / w) };
}

/** How far one may zoom in, so that the sides stay as long as a model wants them. */
export function zoomMost(picture: Picture, ratio: string, sideMin: number): number {
  const { width, height } = largest(picture, ratio);
  return Math.max(1, Math.min(ZOOM_MAX, Math.min(width, height) / Math.max(1, sideMin)));
}

/** What a frame shows, in pixels of the picture; never beyond its edges. */
export function boxOf(picture: Picture, ratio: string, frame: Frame): Box {
  const most = largest(picture, ratio);
  const width = most.width / frame.zoom;
  const height = most.height / frame.zoom;
  const left = Math.max(0, Math.min(picture.width - width, frame.x * picture.width - width / 2));
  const top = Math.max(0, Math.min(picture.height - height, frame.y * picture.height - height / 2));
  return { left, top, width, height };
}

/** A frame moved by parts of itself, and zoomed; it stays within the picture. */
export function moved(picture: Picture, ratio: string, frame: Frame, dx: number, dy: number, zoom = frame.zoom): Frame {
  const from = boxOf(picture, ratio, frame);
  const x = (from.left + from.width * (0.5 + dx)) / picture.width;
  const y = (from.top + from.height * (0.5 + dy)) / picture.height;
  const to = boxOf(picture, ratio, { x, y, zoom });
  return { x: (to.left + to.width / 2) / picture.width, y: (to.top + to.height / 2) / picture.height, zoom };
}

/** Cut a frame out of a picture; transparent parts become white. */
export async function crop(picture: Picture, ratio: string, frame: Frame): Promise<Picture | null> {
  const box = boxOf(picture, ratio, frame);
  const width = Math.round(box.width);
  const height = Math.round(box.height);
  const bitmap = await createImageBitmap(picture.blob);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const brush = canvas.getContext("2d");
  if (!brush) return null;
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, width, height);
  brush.drawImage(bitmap, Math.round(box.left), Math.round(box.top), width, height, 0, 0, width, height);
  bitmap.close();
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  return blob && { blob, name: picture.name.replace(/\.\w+$/, "") + ".jpg", url: "", width, height };
}
