// One step of a walk through the questionnaire, inside the page: what it looks like, then answers.
// The same function runs in an old Chrome (by puppeteer) and in the current one (by Playwright).
;(function () {
  const all = s => Array.from(document.querySelectorAll(s))
  const shown = e => e.getClientRects().length > 0
  const words = e => e.innerText.split(/\s+/).filter(Boolean).length
  const sum = list => list.reduce((a, b) => a + b, 0)
  const box = e => {
    const r = e.getBoundingClientRect()
    return [e.tagName.toLowerCase() + '.' + e.className, Math.round(r.left), Math.round(r.width), Math.round(r.height)]
  }

  function look() {
    const rows = all('form[novalidate] label.option').filter(shown).map(e => e.getBoundingClientRect())
    return {
      title: document.title,
      // What stands on every step (back, continue, help, save state) is read once, not each time.
      words: words(document.querySelector('main')) - (document.querySelector('form[novalidate]') ? sum(all('.back, .go, .stop, .saved').map(words)) : 0),
      heading: (document.querySelector('h1') || {}).textContent,
      wide: document.documentElement.scrollWidth - window.innerWidth,
      boxes: all('h1, legend, label.option, button.go, select, textarea, input').filter(shown).map(box),
      low: rows.filter(r => r.height < 48).length,
      tight: rows.filter((r, i) => i && r.top >= rows[i - 1].bottom && r.top - rows[i - 1].bottom < 7.5).length
    }
  }

  const ALL = 'form[novalidate] input:not([type=hidden]), form[novalidate] select, form[novalidate] textarea'
  const pressed = e => e.type === 'radio' || e.type === 'checkbox'
  const typed = e => {
    const kind = e.getAttribute('type') || e.getAttribute('inputmode') || 'text'
    return /\.year$/.test(e.name) ? '2026' : { tel: '55 1234 5678', email: 'ana@correo.test', numeric: '20' }[kind] || 'Algo'
  }

  // Fill in the step with `said` (field → list of texts), and what it does not say with the first
  // option or any text. Tells how often a finger came down and how many letters it typed.
  function answer(said = {}) {
    const names = Array.from(new Set(all(ALL).map(e => e.name)))
    let taps = 0, letters = 0
    names.forEach(name => {
      const fields = all(ALL).filter(e => e.name === name && shown(e))
      const wanted = said[name], e = fields[0]
      if (!e || /\.exit$/.test(name) && !wanted) return
      if (pressed(e)) {
        if (!wanted && fields.some(f => f.checked)) return
        const chosen = fields.filter(f => wanted && wanted.includes(f.value) && !f.checked)
        ;(chosen.length ? chosen : fields.slice(0, wanted || names.some(n => n === name + '.exit' && said[n]) ? 0 : 1)).forEach(f => {
          f.click()
          taps++
        })
      } else if (e.tagName === 'SELECT') {
        if (wanted) e.value = wanted[0]
        else e.selectedIndex = Math.min(8, e.options.length - 1)
        taps += 2
      } else {
        e.value = wanted ? wanted[0] : typed(e)
        taps++
        letters += e.value.length
      }
    })
    return { taps, letters }
  }

  window.walk = { look, answer }
})()
