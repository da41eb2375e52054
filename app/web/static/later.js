// Trayecto, what can wait until something is touched: a question read aloud by the browser's
// own voice (a button only where there is one; nothing is sent anywhere), and the municipalities of
// a state beside their field. Without a network there is neither, and nothing else is missing.
//
// The two names of the button come as the text of this script's element, which no browser runs.
(function () {
var words = document.currentScript.text.split('|'), voice = window.speechSynthesis, button
var READ = '#n p, #n dt, #n dd, #c h1, #c h2, #c .hint, #c .row legend, #c .part label, #c .pair label, #c .option span, #c .way'

function text() {
  var parts = Array.from(document.querySelectorAll(READ)).filter(e => e.offsetParent)
  return parts.map(e => e.innerText).join('. ')
}

function stop() {
  voice.cancel()
  button.textContent = words[0]
}

function start(own) {
  var said = new SpeechSynthesisUtterance(text())
  said.voice = own
  said.lang = own.lang
  said.onend = stop
  voice.speak(said)
  button.textContent = words[1]
}

function look() {
  var lang = document.documentElement.lang.slice(0, 2), own = voice.getVoices().find(v => v.lang.slice(0, 2) == lang)
  if (!own || button) return
  button = document.createElement('button')
  button.type = 'button'
  button.className = 'link'
  button.onclick = () => button.textContent == words[0] ? start(own) : stop()
  var line = document.createElement('p')
  line.className = 'saved'
  line.append(button)
  document.getElementById('c').after(line)
  addEventListener('hashchange', stop)
  stop()
}

// The towns of the state that was chosen, asked for when the field is about to be filled in.
function offer(field) {
  var state = document.getElementsByName(field.name + '.estado')[0], id = field.name + '-towns'
  if (!state || !state.value || field.dataset.of == state.value) return
  field.dataset.of = state.value
  fetch('/municipios/' + encodeURIComponent(state.value)).then(r => r.json()).then(names => {
    var list = document.getElementById(id) || document.createElement('datalist')
    list.id = id
    list.textContent = ''
    names.forEach(name => list.append(new Option(name)))
    field.after(list)
    field.setAttribute('list', id)
  }).catch(() => { field.dataset.of = '' })
}

addEventListener('focusin', e => { if (e.target.name) offer(e.target) })
if (voice) {
  voice.onvoiceschanged = look
  look()
}
}())
