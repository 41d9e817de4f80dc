// The browser's own way to print, or to keep a PDF.
"use strict";

const now = document.getElementById("print-now");
if (now) {
  now.hidden = false;
  now.addEventListener("click", () => print());
}
