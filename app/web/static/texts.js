// Shows again what the text of the form becomes, a moment after typing stops. Without it the
// button "Ver cómo queda" does the same.
"use strict";
(() => {
  const form = document.getElementById("texto");
  if (!form || !window.fetch) return;
  let waiting, asked = 0;
  const refresh = async () => {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(form));
    body.set("accion", "ver");
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    for (const id of ["vista", "problemas-texto"]) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id).replaceChildren(...fresh.childNodes);
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh().catch(() => {}), 400);
  });
})();
