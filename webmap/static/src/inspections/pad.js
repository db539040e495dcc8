/* A canvas to sign on with a finger. */
import { namedColour } from "../lib/colours.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} drawn called after every line
 * @returns {{ clear: () => void, image: () => string }}
 */
export function signaturePad(canvas, drawn) {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("This browser draws nothing");
  pen.lineWidth = 3;
  pen.lineCap = "round";
  pen.strokeStyle = namedColour("signature");
  let isDrawing = false;
  /** @type {(event: PointerEvent) => [number, number]} */
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = [canvas.width / box.width, canvas.height / box.height];
    return [(event.clientX - box.left) * scale[0], (event.clientY - box.top) * scale[1]];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    isDrawing = true;
    pen.beginPath();
    pen.moveTo(...point(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isDrawing) return;
    pen.lineTo(...point(event));
    pen.stroke();
    drawn();
  });
  canvas.addEventListener("pointerup", () => {
    isDrawing = false;
  });
  return { clear: () => pen.clearRect(0, 0, canvas.width, canvas.height), image: () => canvas.toDataURL("image/png") };
}
