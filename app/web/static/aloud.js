// Trayecto, a question read aloud by the browser's own voice. Asked for after the first question
// shows, and only where there is such a voice is there a button: nothing is sent anywhere.
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

if (voice) {
  voice.onvoiceschanged = look
  look()
}
}())
