/* The tabs of the inspection pages reach past a phone's edge: the present one is brought into view. */
const present = document.querySelector(".work-tabs [aria-current]");
if (present instanceof HTMLElement && present.parentElement) {
  const row = present.parentElement;
  row.scrollLeft = present.offsetLeft - (row.clientWidth - present.offsetWidth) / 2;
}
