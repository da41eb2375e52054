// Coming back from WhatsApp, the dialler or mail: the list asks what happened.
"use strict";
(() => {
  let opened = false;
  document.addEventListener("submit", (event) => {
    opened = opened || event.target.classList.contains("routes");
  });
  document.addEventListener("visibilitychange", () => {
    if (opened && document.visibilityState === "visible") location.reload();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
