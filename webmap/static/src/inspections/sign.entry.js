/* A finished record is signed afterwards: the signature goes into a form field when it is sent. */
import { byId, find } from "../lib/find.js";
import { signaturePad } from "./pad.js";

/** @param {HTMLFormElement} form */
function start(form) {
  let isSigned = false;
  const pad = signaturePad(byId("signature", HTMLCanvasElement), () => {
    isSigned = true;
  });
  byId("clear-signature").addEventListener("click", () => {
    pad.clear();
    isSigned = false;
  });
  form.addEventListener("submit", (event) => {
    if (!isSigned) event.preventDefault();
    else find('[name="signature"]', form, HTMLInputElement).value = pad.image();
  });
}

const present = document.getElementById("sign");
if (present instanceof HTMLFormElement) start(present);
