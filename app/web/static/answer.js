// Trayecto, the questionnaire on a phone. Floor: Chrome 79 (no ?. and no ??). Written short, because
// it travels with every first visit; comments and long names stay on the server (web/tight.py).
//
// Three parts: what an answer is and which questions it opens (the same rules as flow.py and
// validation.py, compared on random answers by a test); what waits to be sent; the page.
// Q rules (questionnaires/compact.py), P known before, A answers, S state of the person, V variables
// by name, N the step that is shown: [name, items], R the count of saves.
(function () {
'use strict'
var D = document, L = location, Q, P, A, S = {}, V = {}, N, R
var EX = { nc: -98, ns: -99 }, NA = { x: -1 }, U = { u: 1 }, GIVEN = '•', LISTED = /[cm]/
var many = Array.isArray, copy = (a, b) => Object.assign({}, a, b), has = (l, x) => many(l) && l.includes(x)
var array = x => Array.from(x), none = x => x == null

// --- answers -------------------------------------------------------------------------------------
// A number, text, list of marks, null (blank), {x: reason} for none, {u: 1} for what is no answer.
var known = a => none(a) || a.x || a.u ? null : a
var whole = r => typeof r == 'number' ? r : typeof r != 'string' ? U : !(r = r.trim()) ? null : /^\d{1,9}$/.test(r) ? +r : U
var codes = l => l.map(o => o[0])

function read(l, r) {
  if (none(r) || r.x) return none(r) ? null : r
  if (l.k == 'm') {
    if (!many(r)) return U
    r = array(new Set(r.map(whole)))
    var at = c => (codes(l.o).indexOf(c) + 1 || 999) * 1e9 + c
    return r.some(c => c !== +c) ? U : r.length ? r.sort((a, b) => at(a) - at(b)) : null
  }
  if (/[ci]/.test(l.k)) return whole(r)
  if (typeof r != 'string' || r.length > 1e4) return U
  r = r.normalize().trim()
  return !r ? null : l.k == 't' || /^(19|20)\d\d-(0[1-9]|1[0-2])$/.test(r) ? r : U
}

// --- conditions ----------------------------------------------------------------------------------
// The value of a tree over values v; m is the answer of the item itself.
function value(t, v, m) {
  if (!many(t)) return t
  var h = t[0], f = t => value(t, v, m), yes = t => f(t) === true, rest = t.slice(1), a, b, day = /^\d{4}-\d\d(-\d\d)?$/
  if (h == '$') return v[t[1]]
  if (h == '.') return m
  if (h == 'and') return rest.every(yes)
  if (h == 'or') return rest.some(yes)
  if (h == 'not') return !yes(t[1])
  a = f(t[1])
  if (h == '#') return many(a) ? a.length : 0
  if (h == 'empty') return none(a)
  if (h == 'sel') return !none(a) && [].concat(a).some(c => c == t[2])
  b = f(t[2])
  if (none(a) || none(b)) return h == '!='
  if (a !== +a || b !== +b) {
    a += ''
    b += ''
    if (a.length != b.length && day.test(a) && day.test(b)) {
      a = a.slice(0, 7)
      b = b.slice(0, 7)
    }
  }
  return h == '=' ? a == b : h == '!=' ? a != b : h == '<' ? a < b : h == '<=' ? a <= b : h == '>' ? a > b : a >= b
}
var holds = (t, v, m) => value(t, v, m) === true

// --- the path ------------------------------------------------------------------------------------
// An exclusive option wins if it was marked now; the others win if it was there before.
function alone(l, old, marks) {
  var only = codes(l.o.filter(o => o[1])), a = marks.filter(c => has(only, c)), rest = marks.filter(c => !has(only, c))
  if (!a[0] || !marks[1]) return marks
  a = a.filter(c => !has(old, c)).concat(rest[0] ? [] : a)
  return a[0] ? [a[0]] : rest
}

// i items and l variables that apply, a answers, v what conditions see, o options, r refused
function walk(raw, old) {
  var w = { i: [], l: [], a: {}, v: copy(P), o: {} }
  Q.i.forEach(i => {
    if (w.r || i.c && !holds(i.c, w.v)) return
    w.i.push(i)
    i.l.forEach(l => {
      var c = w.v[i.n], n = l.n, a
      if (l.r && c !== 97 && !has(c, 97)) return
      var open = w.o[n] = codes(l.o.filter(o => !o[2] || holds(o[2], w.v)))
      var shut = c => !has(open, c) && has(codes(l.o), c)
      w.l.push(l)
      if (n in raw) {
        a = read(l, raw[n])
        if (shut(a)) a = NA
        if (many(a)) {
          a = a.filter(c => !shut(c))
          a = a[0] ? alone(l, known(read(l, (old || {})[n])), a) : null
        }
        if (!a || a.x != -1) w.a[n] = a
      }
      a = known(w.a[n])
      if (many(a)) a = a.filter(c => has(open, c))
      w.v[n] = a === 0 || a && (many(a) ? a[0] : l.k != 'c' || has(open, a)) ? a : null
    })
    if (i.e) w.r = holds(i.e, w.v, w.v[i.n])
  })
  return w
}

// The answers that may be kept: no orphan stays.
function settle(raw, old) {
  var w = walk(raw, old), kept = {}
  Object.keys(V).forEach(n => {
    if (n in w.a) kept[n] = w.a[n] == U ? raw[n] : w.a[n]
    else if (!w.r && !has(w.l, V[n])) kept[n] = NA
  })
  return kept
}

var stepOf = i => i.s || i.n
function steps(w) {
  var found = []
  w.i.forEach(i => {
    var last = found[found.length - 1]
    last && last[0] == stepOf(i) ? last[1].push(i) : found.push([stepOf(i), [i]])
  })
  return found
}

function first(raw) {
  var kept = settle(raw)
  return steps(walk(kept)).find(s => s[1].some(i => i.l.some(l => !l.r && !(l.n in kept))))
}

function following(raw, n) {
  var order = Q.i.map(stepOf)
  return steps(walk(raw)).find(s => order.indexOf(s[0]) > order.lastIndexOf(n)) || first(raw)
}

// --- faults --------------------------------------------------------------------------------------
// Which of the sentences Q.t (compact.py, CODES) says what is wrong, and what it names; or nothing.
function fault(i, l, a, w) {
  var low = value(l.a, w.v), high = value(l.z, w.v)
  if (a == U) return ['cmidt'.indexOf(l.k)]
  if (none(a)) return i.q && !l.r && [5]
  if (a.x) return !has(l.x && l.x.map(x => EX[x]), a.x) && [7]
  if (l.o[0]) {
    a = [].concat(a)
    return a.some(c => !has(w.o[l.n], c)) ? [8] : a.length > l.m && [9, l.m]
  }
  if (l.k == 't') return array(a).length > (l.g || 200) ? [10, l.g || 200] : l.p && !RegExp('^(?:' + l.p + ')$').test(a) && [l.y || 13]
  if (l.k == 'i') return (a < low || a > high) && [14, high, low]
  return low && a < low.slice(0, 7) ? [15, S.d[l.a[1]]] : high && a > high.slice(0, 7) && [16, S.d[l.z[1]]]
}

// v variable, c code, h hard, m words; soft ones only where nothing is hard
function issues(raw, items, old) {
  var w = walk(raw, old), found = [], hard, note = (v, c, h, m) => found.push({ v: v, c: c, h: h, m: m })
  w.i.forEach(i => {
    var own = w.v[i.n], clean = 1, empty
    if (!has(items, i)) return
    i.l.forEach(l => {
      var a = w.a[l.n], f = has(w.l, l) && fault(i, l, a, w)
      if (f) clean = note(l.n, f[0], 1, Q.t[f[0]].replace('{max}', f[1]).replace('{min}', f[2] || f[1])) < 0
      if (none(a) && !l.r) empty = empty || l.n
    })
    if (!clean) return
    if (i.k && !none(own) && !holds(i.k, w.v, own)) note(i.n, 'constraint', 1, i.m)
    if (i.w && holds(i.w[0], w.v, own)) note(i.n, 'warn', 0, i.w[1])
    else if (empty && !i.q) note(empty, 'blank', 0, Q.t[6])
  })
  hard = found.filter(f => f.h)
  return hard[0] ? hard : found
}

// What the fields of a form say (questionnaires/entry.py): t is name → list of texts.
function entry(l, t) {
  var of = s => (t[l.n + s] || []).filter(x => x.trim()), way = of('.exit').find(x => has(l.x, x)), r = of(''), m = of('.month')[0], y = of('.year')[0]
  return way ? { x: EX[way] }
    : l.k == 'm' ? r[0] ? r : null
    : of('.estado')[0] ? r.concat(of('.estado')).join(', ')
    : r[0] ? l.y == 12 ? r[0].replace(/[ \t\xa0\-.()]/g, '') : r[0]
    : m || y ? (y || '?').trim() + '-' + (m || '?').trim().padStart(m ? 2 : 1, 0)
    : null
}

function entries(items, t) {
  var e = {}
  items.forEach(i => i.l.forEach(l => { e[l.n] = entry(l, t) }))
  return e
}

// Left empty where something is kept that the page does not show, an item stays as it is.
function said(items, t) {
  var e = entries(items, t)
  items.forEach(i => {
    if (i.l.every(l => none(e[l.n])) && i.l.some(l => A[l.n] && (A[l.n] == GIVEN || A[l.n].x < -1))) i.l.forEach(l => delete e[l.n])
  })
  return e
}

function use(rules, known_) {
  Q = rules
  P = known_
  Q.i.forEach(i => i.l.forEach(l => {
    V[l.n = l.n || i.n] = l
    l.i = i
    l.o = (Q.o[l.o] || []).map(o => many(o) ? o : [o])
  }))
}

// --- what waits to be sent -----------------------------------------------------------------------
// Each answer is written down before the next question shows: in localStorage, which is there at
// once and survives a closed tab, or in memory where storage is forbidden, full, or a classroom's.
var M, strange = {}, busy, pause = 1e3, off, ended
try {
  M = localStorage
  M.revision = M.revision || 0
} catch (e) { M = {} }

function put(k, x) {
  try { M[k] = x } catch (e) {
    M = copy(M)
    M[k] = x
  }
}
var waiting = () => Object.keys(M).filter(k => /^\w{8}-/.test(k) && !strange[k]).map(k => JSON.parse(M[k])).sort((a, b) => a.r - b.r)

function keep(x) {
  R = x.r = Math.max(R, M.revision || 0) + 1
  put('revision', R)
  x.k = S.k + '-' + Date.now().toString(36) + Math.random().toString(36).slice(2)
  put(x.k, JSON.stringify(x))
}

function tell(n) {
  var u = Q && Q.u
  if (u) $('#g').textContent = !n ? u[0] : off ? u[M.getItem ? n > 1 ? 3 : 2 : 4].replace('{n}', n) : u[1]
}

function send() {
  var l = waiting(), moved
  tell(l.length)
  if (busy || !S.s) return
  if (!l[0]) return ended && leave(ended)
  busy = 1
  fetch('/responder/guardar', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ s: S.s, w: l }), keepalive: true }).then(r => r.json()).then(j => {
    busy = off = 0
    pause = 1e3
    if (j.z) return page(j.z)
    var clash = j.l.find(o => o.a), x = o => l.find(x => x.k == o.k)
    j.l.forEach(o => {
      if (clash && (o.o == 'gone' || Q && o.a)) return
      if (o.a || o.o == 'foreign') return strange[o.k] = 1
      moved = delete M[o.k]
      if (o.e && Q) mend(x(o), o.e)
    })
    clash && Q ? merge(clash, x(clash)) : Q ? send() : moved && L.reload()
  }).catch(() => {
    busy = 0
    off = 1
    tell(l.length)
    setTimeout(send, pause = Math.min(pause * 2, 6e4))
  })
}

// --- the page ------------------------------------------------------------------------------------
var C, T, B, F, seen = {}, before = {}, again = {}
var $ = s => D.querySelector(s), all = s => array(C.querySelectorAll(s)), named = n => all('[name="' + n + '"],[name="' + n + '.month"]')
var leave = step => L.replace('/responder?' + (L.search ? L.search.slice(1) + '&' : '') + 'paso=' + step)
var itemsOf = n => Q.i.filter(i => stepOf(i) == n)
function el(tag, text, name) {
  var e = D.createElement(tag)
  e.textContent = text
  if (name) e.className = name
  return e
}
function page(title) {
  N = 0
  C.textContent = ''
  C.append(el('h1', D.title = title))
}
function go(n) { L.hash == '#' + n ? show() : L.hash = n }

// The step of the address, if it was reached; or the first one not answered.
function show() {
  var path = steps(walk(A)), to = first(A), n = L.hash.slice(1), at = n => path.findIndex(s => s[0] == n), k = at(n)
  if (k < 0 || to && k > at(to[0])) return to ? L.replace('#' + to[0]) : finish()
  var typed = again[n] && again[n][0], bad = typed ? again[n][1] : [], w = walk(typed ? copy(A, entries(itemsOf(n), typed)) : A)
  delete again[n]
  N = steps(w).find(s => s[0] == n) || path[k]
  C.textContent = ''
  C.append($('#m').content.cloneNode(true))
  var form = $('form'), notes = $('#n'), last = $('.go'), text = D.createTreeWalker(C, 4), t
  form.prepend(D.querySelectorAll('template:not([id])')[T.indexOf(n)].content.cloneNode(true))
  all('.way').forEach(e => $('.stop').before(e))
  k ? $('.back a').href = '#' + path[k - 1][0] : C.firstChild.remove() || $('.stop').remove()
  all('[data-i]').forEach(e => N[1].some(i => i.n == e.dataset.i) || e.remove())
  all('[data-n]').forEach(d => {
    var l = V[d.dataset.n]
    array(d.children).forEach(e => {
      var b = e.firstChild
      b.name = l.n
      if (l.o[0] && !has(w.o[l.n], +b.value)) e.remove()
    })
    d.firstChild.firstChild.id = l.n
  })
  all('[name]').forEach(e => {
    var l = V[e.name.split('.')[0]], f = typed ? typed[e.name] : l && F[l.n in w.a || l.r || !l.i.u ? e.name : e.name.replace(l.n, l.i.u)]
    if (!l || e.type == 'submit') return
    if (!typed && !(l.n in w.a || l.i.u)) f = 0
    before[l.n] = w.v[l.n]
    if (/radio|check/.test(e.type)) e.checked = has(f, e.value)
    else e.value = f && f[0] || ''
  })
  while (t = text.nextNode()) t.data = t.data.replace(/{(\w+)}/g, (x, k) => S.p[k] || '…')
  if (!following(A, n)) last.textContent = Q.u[S.c ? 6 : 5]
  notes.innerHTML = S.h[n] || ''
  if (N[1].some(i => i.l.some(l => A[l.n] == GIVEN))) notes.append(el('p', Q.u[8], 'note'))
  others()
  var h = $('h1'), hard = bad[0] && bad[0].h, box = el('div', '', hard ? 'summary' : 'note'), ul = el('ul', '')
  D.title = (hard ? 'Error: ' : '') + h.textContent
  scrollTo(0, 0)
  bad.forEach(b => {
    var li = el('li', ''), a = el('a', b.m), e = named(b.v)[0], p = el('p', b.m, 'error'), d = e.closest('fieldset') || e
    a.href = '#' + b.v
    a.onclick = v => {
      v.preventDefault()
      e.focus()
    }
    li.append(a)
    ul.append(li)
    p.id = 'e-' + b.v
    ;(e.closest('.options,.scale,.pair') || e).before(p)
    d.setAttribute('aria-describedby', p.id)
  })
  if (bad[0]) {
    if (hard) box.append(el('h2', Q.u[7]))
    box.append(ul)
    box.setAttribute('role', 'alert')
    notes.append(h = box)
  }
  h.tabIndex = -1
  h.focus()
}

// The text beside "otro" waits until it is chosen.
function others() {
  N[1].forEach(i => i.l.forEach(l => {
    if (l.r) named(l.n)[0].parentNode.hidden = !named(i.n).some(e => e.value == 97 && e.checked)
  }))
}

// Show step n again with what was typed and what is to be said about it.
function warn(n, typed, bad) {
  again[n] = [typed, bad]
  bad.forEach(b => b.h || (seen[n] = seen[n] || []).push(b.c + ':' + b.v))
}
function mend(x, bad) {
  itemsOf(x.p).forEach(i => i.l.forEach(l => delete A[l.n]))
  warn(x.p, x.t, bad)
  go(x.p)
}

// Two answers to one question, from two devices or pages: the person says which one stays.
function merge(o, x) {
  page(Q.u[10])
  ;[11, 12].forEach(k => {
    var b = el('button', Q.u[k + 2], 'way')
    b.onclick = () => {
      delete M[o.k]
      if (k > 11) keep(x)
      L.reload()
    }
    C.append(el('h2', Q.u[k]), el('blockquote', k > 11 ? o.b : o.a), b)
  })
}

function finish(how) {
  page(Q.u[9])
  ended = how || 'fin'
  send()
}

function take(n, t) {
  A = settle(copy(A, said(itemsOf(n), t)), A)
  F = copy(F, t)
}

function submit(e) {
  if (!N) return
  e.preventDefault()
  var n = N[0], t = {}, b = B || {}, stop = b.name == 'accion'
  B = 0
  all('[name]').forEach(e => { t[e.name] = [] })
  new FormData(e.target).forEach((v, k) => t[k].push(v))
  if (b.name) t[b.name] = [b.value]
  delete t.accion
  var mine = said(N[1], t), raw = copy(A, mine)
  var bad = issues(raw, N[1].filter(i => i.l.some(l => l.n in mine)), A).filter(f => f.h || !has(seen[n], f.c + ':' + f.v))
  if (bad[0] && !stop) {
    warn(n, t, bad)
    return show()
  }
  if (!bad[0]) {
    take(n, t)
    keep({ p: n, h: Math.round(Date.now() / 1e3 + S.o), v: seen[n] || [], t: t })
    send()
  }
  b = !walk(A).r && following(A, n)
  stop ? finish('pausa') : b ? go(b[0]) : finish()
}

function begin() {
  fetch('/responder/estado' + L.search).then(r => r.json()).then(j => {
    if (j.z) return leave('-')
    S = j
    S.o -= Date.now() / 1e3
    if (S.c) M = {}
    R = S.r
    A = S.a
    F = S.f
    use(Q, S.v)
    T = array(new Set(Q.i.map(stepOf)))
    $('header span').textContent = S.n
    waiting().forEach(x => { if (x.k.startsWith(S.k)) take(x.p, x.t) })
    D.addEventListener('submit', submit)
    D.addEventListener('click', e => { B = e.target.form && e.target })
    D.addEventListener('change', e => {
      var n = e.target.name, l = V[n], marks = named(n).filter(b => b.checked).map(b => +b.value)
      if (l && l.k == 'm') {
        before[n] = alone(l, before[n], marks)
        named(n).forEach(b => { b.checked = has(before[n], +b.value) })
      }
      N && others()
    })
    addEventListener('hashchange', show)
    show()
    send()
  }).catch(() => setTimeout(begin, pause = Math.min(pause * 2, 6e4)))
}

addEventListener('online', send)
D.cookie = 'trayecto_js=1;path=/;max-age=86400;samesite=lax'
C = $('#c')
if (C) {
  Q = JSON.parse($('#q').textContent)
  begin()
} else if ($('[name=s]')) {
  S.s = $('[name=s]').value
  send()
}
}())
