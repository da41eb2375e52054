// Trayecto, two answers to one question where the server shows the steps: another device has
// answered, so this page may not show what is kept. The person says which one stays; the one of
// this phone waits until then, through any number of reloads.
(function () {
if (window.choosing) return
window.choosing = 1
var main = document.getElementById('contenido'), secret = document.querySelector('[name=s]')
var waiting = Object.keys(localStorage).filter(k => /^\w{8}-/.test(k)).map(k => JSON.parse(localStorage[k])).sort((a, b) => a.r - b.r)

function add(tag, text, name) {
  var e = document.createElement(tag)
  e.textContent = text
  if (name) e.className = name
  main.append(e)
  return e
}

// The answer of this phone under a count that passes the one that is kept, and as a new letter.
function insist(record, last) {
  record.r = Math.max(record.r, last) + 1
  record.k = record.k.slice(0, 9) + record.r + Math.random().toString(36).slice(2)
  localStorage[record.k] = JSON.stringify(record)
}

function show(o, record) {
  main.textContent = ''
  var title = add('h1', document.title = o.u[0])
  title.tabIndex = -1
  add('p', o.q)
  ;[o.a, o.b].forEach((text, k) => {
    add('h2', o.u[1 + 2 * k])
    add('blockquote', text)
    add('button', o.u[2 + 2 * k], 'way').onclick = () => {
      if (k) insist(record, o.r)
      delete localStorage[o.k]
      location.replace('/responder' + location.search)
    }
  })
  title.focus()
}

fetch('/responder/guardar', { method: 'POST', body: JSON.stringify({ s: secret.value, w: waiting }) }).then(r => r.json()).then(j => {
  var clash = j.l.find(o => o.a)
  if (clash) show(clash, waiting.find(record => record.k == clash.k))
})
}())
