// Trayecto, the wall of a class: its numbers anew every five seconds, without a flash.
(function () {
var D = document, pause = 5e3
function look() {
  fetch(location.href).then(r => r.text().then(t => {
    var found = new DOMParser().parseFromString(t, 'text/html'), now = found.querySelector('#vivo')
    if (!r.ok) return location.reload()
    if (now) D.querySelector('#vivo').innerHTML = now.innerHTML
    setTimeout(look, pause)
  })).catch(() => setTimeout(look, pause))
}
setTimeout(look, pause)
}())
