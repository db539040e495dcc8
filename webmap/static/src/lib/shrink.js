/* A photo made small before it is sent: what a phone's camera writes is ten times what the record keeps. The original's
   hash and its beginning, where the time of taking stands, go along. */

const MAX_SIDE_PX = 2000;
const QUALITY = 0.85;
/** Smaller files are sent as they are. */
const SMALL_BYTES = 700 * 1024;
const HEAD_BYTES = 256 * 1024;

/** @param {File} file */
async function hash(file) {
  if (!crypto.subtle) return ""; // only where the page is reached by https
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {File} file
 * @returns {Promise<Blob | null>}
 */
async function redraw(file) {
  const bitmap = await createImageBitmap(file); // turned upright as its metadata say
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/**
 * @param {File} file
 * @returns {Promise<{ blob: Blob, name: string, head?: Blob, original?: string }>} what to send
 */
export async function shrink(file) {
  const whole = { blob: file, name: file.name || "photo.jpg" };
  if (file.size <= SMALL_BYTES) return whole;
  try {
    const blob = await redraw(file);
    if (!blob || blob.size >= file.size) return whole;
    return { ...whole, blob, head: file.slice(0, HEAD_BYTES), original: await hash(file) };
  } catch {
    return whole; // a format this browser does not draw, such as HEIC: the server makes it small
  }
}

/**
 * Draw the middle of a photo into a square: the page's policy lets no blob: address be a picture.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Blob} blob
 */
export async function drawSquare(canvas, blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    const side = Math.min(bitmap.width, bitmap.height);
    const corner = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
    canvas.getContext("2d")?.drawImage(bitmap, corner[0], corner[1], side, side, 0, 0, canvas.width, canvas.height);
    bitmap.close();
  } catch {
    /* not a picture this browser knows: the server will say */
  }
}
