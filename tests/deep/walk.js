// One step of a walk through the questionnaire, inside the page: what it looks like, then answers.
// The same function runs in an old Chrome (by puppeteer) and in the current one (by Playwright).
;(function () {
  const all = s => Array.from(document.querySelectorAll(s))
  const shown = e => e.getClientRects().length > 0
  const box = e => {
    const r = e.getBoundingClientRect()
    return [e.tagName.toLowerCase() + '.' + e.className, Math.round(r.left), Math.round(r.width), Math.round(r.height)]
  }

  function look() {
    const rows = all('form[novalidate] label.option').filter(shown).map(e => e.getBoundingClientRect())
    return {
      title: document.title,
      heading: (document.querySelector('h1') || {}).textContent,
      wide: document.documentElement.scrollWidth - window.innerWidth,
      boxes: all('h1, legend, label.option, button.go, select, textarea, input').filter(shown).map(box),
      low: rows.filter(r => r.height < 48).length,
      tight: rows.filter((r, i) => i && r.top >= rows[i - 1].bottom && r.top - rows[i - 1].bottom < 7.5).length
    }
  }

  // The first option of everything, and something that each open question takes.
  function answer() {
    const done = {}
    all('form[novalidate] input[type=radio]').forEach(e => {
      if (!done[e.name]) e.click()
      done[e.name] = 1
    })
    const mark = all('form[novalidate] input[type=checkbox]').filter(e => !/\.exit$/.test(e.name))[0]
    if (mark) mark.click()
    all('form[novalidate] input:not([type]), form[novalidate] input[type=tel], form[novalidate] input[type=email], form[novalidate] textarea')
      .filter(shown)
      .forEach(e => {
        const kind = e.getAttribute('type') || e.getAttribute('inputmode') || 'text'
        e.value = /\.year$/.test(e.name) ? '2026' : { tel: '55 1234 5678', email: 'ana@correo.test', numeric: '20' }[kind] || 'Algo'
      })
    all('form[novalidate] select').forEach(e => { e.selectedIndex = Math.min(8, e.options.length - 1) })
  }

  window.walk = { look, answer }
})()
