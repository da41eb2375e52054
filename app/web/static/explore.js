// Draws the figure of the page with Plotly; without it the server's drawing stays.
"use strict";
(() => {
  const data = document.getElementById("figura");
  const place = document.getElementById("grafica");
  if (!data || !place || !window.Plotly) return;
  const figure = JSON.parse(data.textContent);
  const ink = window.getComputedStyle(document.body).color;
  figure.layout.font.color = ink;
  figure.layout.paper_bgcolor = figure.layout.plot_bgcolor = "rgba(0,0,0,0)";
  const labels = new Set(figure.data.flatMap((trace) => trace.y)).size;
  figure.layout.height = 90 + labels * (24 + 40 * figure.data.length);
  document.getElementById("sin-guion").hidden = true;
  place.hidden = false;
  // No mode bar: its links have no accessible names.
  window.Plotly.newPlot(place, figure.data, figure.layout, { displayModeBar: false, responsive: true });
})();
