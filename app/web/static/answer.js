// Trayecto, the questionnaire on a phone. Floor: Chrome 79 (no ?. and no ??). Written short, because
// it travels with every first visit; comments and long names stay on the server (web/tight.py).
//
// Three parts: what an answer is and which questions it opens (the same rules as flow.py and
// validation.py, compared on random answers by a test); what waits to be sent; the page.
// Q rules (questionnaires/compact.py), P known before, A answers, S state of the person, V variables
// by name, N the step that is shown: [name, items], R the count of saves.
(function () {
var D = document, L = location, Q, P, A, S = {}, V = {}, N, R
var EX = { nc: -98, ns: -99 }, NA = { x: -1 }, U = { x: 1 }, GIVEN = '•'
var many = Array.isArray, copy = (a, b) => Object.assign({}, a, b), has = (l, x) => many(l) && l.includes(x)
var array = x => Array.from(x), none = x => x == null

// --- answers -------------------------------------------------------------------------------------
// A number, text, list of marks, null (blank), {x: reason} for none, U for what is no answer.
var known = a => none(a) || a.x ? null : a
var whole = r => r === +r ? r : (r = (r + '').trim()) ? /^\d{1,9}$/.test(r) ? +r : U : null
var codes = l => l.map(o => o[0])

// Kinds l.k: 0 choice, 1 whole number, 2 marks, 3 month, 4 text.
function read(l, r) {
  if (none(r) || r.x) return r
  if (l.k < 2) return whole(r)
  if (l.k < 3) {
    r = array(new Set(r.map(whole)))
    var at = c => (codes(l.o).indexOf(c) + 1 || 999) * 1e9 + c
    return r.includes(U) ? U : r[0] ? r.sort((a, b) => at(a) - at(b)) : null
  }
  r = r.normalize().trim()
  return !r ? null : r.length > 1e4 || l.k < 4 && !/^(19|20)\d\d-(0[1-9]|1[0-2])$/.test(r) ? U : r
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
  return h.includes(a < b ? '<' : a > b ? '>' : '=') != (h == '!=')
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
      w.v[n] = a === 0 || a && (many(a) ? a[0] : l.k || has(open, a)) ? a : null
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

function steps(w) {
  var found = []
  w.i.forEach(i => {
    var last = found[found.length - 1]
    last && last[0] == i.s ? last[1].push(i) : found.push([i.s, [i]])
  })
  return found
}

function first(raw) {
  var kept = settle(raw)
  return steps(walk(kept)).find(s => s[1].some(i => i.l.some(l => !l.r && !(l.n in kept))))
}

function following(raw, n) {
  var order = Q.i.map(i => i.s)
  return steps(walk(raw)).find(s => order.indexOf(s[0]) > order.lastIndexOf(n)) || first(raw)
}

// --- faults --------------------------------------------------------------------------------------
// Which of the sentences Q.t (compact.py, CODES) says what is wrong, and what it names; or nothing.
function fault(i, l, a, w) {
  var low = value(l.a, w.v), high = value(l.z, w.v)
  if (a == U) return [l.k]
  if (none(a)) return i.q && !l.r && [5]
  if (a.x) return
  if (l.o[0]) {
    a = [].concat(a)
    return a.some(c => !has(w.o[l.n], c)) ? [7] : a.length > l.m && [8, l.m]
  }
  if (l.k > 3) return array(a).length > (l.g || 200) ? [9, l.g || 200] : l.p && !RegExp('^(?:' + l.p + ')$').test(a) && [l.y || 12]
  if (l.k < 2) return (a < low || a > high) && [13, low, high]
  return low && a < low.slice(0, 7) ? [14, S.d[l.a[1]]] : high && a > high.slice(0, 7) && [15, S.d[l.z[1]]]
}

// v variable, c code, h hard, m words; soft ones only where nothing is hard
function issues(raw, items, old) {
  var w = walk(raw, old), found = [], hard, note = (v, c, h, m) => found.push({ v, c, h, m })
  w.i.forEach(i => {
    var own = w.v[i.n], clean = 1, empty
    if (!has(items, i)) return
    i.l.forEach(l => {
      var a = w.a[l.n], f = has(w.l, l) && fault(i, l, a, w)
      if (f) clean = note(l.n, f[0], 1, Q.t[f[0]].replace(/{m..}/, f[1]).replace(/{m..}/, f[2])) < 0
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
    : l.k == 2 ? r[0] ? r : null
    : of('.estado')[0] ? r.concat(of('.estado')).join(', ')
    : r[0] ? l.y == 11 ? r[0].replace(/[ \t\xa0\-.()]/g, '') : r[0]
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
  Q.i.forEach(i => {
    i.s = i.s || i.n
    i.l.forEach(l => {
      V[l.n = l.n || i.n] = l
      l.i = i
      l.o = (Q.o[l.o] || []).map(o => many(o) ? o : [o])
    })
  })
}

// --- what waits to be sent -----------------------------------------------------------------------
// Each answer is written down before the next question shows: in localStorage, which is there at
// once and survives a closed tab, or in memory where storage is forbidden, full, or a classroom's.
var M = {}, strange = {}, busy, pause = 1e3, off, ended
try { M = localStorage } catch (e) {}

function put(k, x) {
  try { M[k] = x } catch (e) {
    M = copy(M)
    M[k] = x
  }
}
var waiting = () => Object.keys(M).filter(k => /^\w{8}-/.test(k) && !strange[k]).map(k => JSON.parse(M[k])).sort((a, b) => a.r - b.r)

// The count of saves is the server's clock in seconds, and always grows.
function keep(x) {
  x.r = R = Math.max(R + 1, Math.round(Date.now() / 1e3 + S.o))
  x.k = S.k + '-' + R + Math.random().toString(36).slice(2)
  put(x.k, JSON.stringify(x))
}
function tell() {
  var u = Q && Q.u, n = waiting().length
  if (u) $('#g').textContent = !n ? u[0] : off ? u[M.getItem ? n > 1 ? 3 : 2 : 4].replace('{n}', n) : u[1]
}

var retry = f => setTimeout(f, pause = Math.min(pause * 2, 6e4))
function send() {
  var l = waiting(), moved, clash
  tell()
  if (busy || !S.s) return
  if (!l[0]) return ended && leave(ended)
  busy = 1
  fetch('/responder/guardar', { method: 'POST', body: JSON.stringify({ s: S.s, w: l }), keepalive: true }).then(r => r.json()).then(j => {
    busy = off = 0
    pause = 1e3
    if (j.z) return page(j.z)
    j.l.forEach((o, i) => {
      if (o.d) moved = delete M[o.k]
      if (o.f || o.a && !C) strange[o.k] = 1
      if (o.a) C ? clash = clash || [o, l[i]] : load(o.x)
      if (o.e && C) {
        warn(l[i].p, l[i].t, o.e)
        go(l[i].p)
      }
    })
    clash ? merge(clash[0], clash[1]) : C ? send() : moved && L.reload()
  }).catch(() => {
    busy = 0
    off = 1
    tell()
    retry(send)
  })
}

// --- the page ------------------------------------------------------------------------------------
var C, T, B, F, seen = [], before = {}, again = {}
var $ = s => D.querySelector(s), all = s => array(C.querySelectorAll(s)), named = n => array(D.getElementsByName(n))
var leave = step => L.replace('/responder?' + L.search.slice(1) + '&paso=' + step)
var itemsOf = n => Q.i.filter(i => i.s == n)
var el = (tag, text = '', name = '') => Object.assign(D.createElement(tag), { textContent: text, className: name })
// What can wait: later.js until something is touched, choose.js until two answers differ.
var load = (x, t) => D.body.append(Object.assign(el('script', t), { src: x }))
var template = k => D.querySelectorAll('template')[k].content.cloneNode(true)
function focus(h) {
  h.tabIndex = -1
  h.focus({ preventScroll: !h.id })
}
function page(title) {
  N = 0
  C.innerHTML = ''
  C.append(el('h1', D.title = title))
  focus($('h1'))
  $('#g').textContent = ''
}
function go(n) {
  L.hash = n
  show()
}

// The step of the address, if it was reached; or the first one not answered.
function show() {
  var path = steps(walk(A)), to = first(A), n = L.hash.slice(1), at = n => path.findIndex(s => s[0] == n), k = at(n)
  // The browser tells of a new address later, and of two quick steps back twice: by then the step
  // shows, and what was touched since must stay.
  if (N && N[0] == n && !again[n]) return
  if (k < 0 || to && k > at(to[0])) return to ? L.replace('#' + to[0]) : finish()
  var typed = again[n] && again[n][0], bad = typed ? again[n][1] : [], w = walk(typed ? copy(A, entries(itemsOf(n), typed)) : A)
  delete again[n]
  ended = 0
  N = steps(w).find(s => s[0] == n) || path[k]
  C.innerHTML = ''
  C.append(template(0))
  var form = $('form'), notes = $('#n'), box = $('#e'), last = $('.go'), text = D.createTreeWalker(C, 4), t
  form.prepend(template(T.indexOf(n)))
  all('.way').forEach(e => $('.stop').before(e))
  k ? $('.back a').href = '#' + path[k - 1][0] : C.firstChild.remove() || $('.stop').remove()
  all('[data-i]').forEach(e => w.i.some(i => i.n == e.dataset.i) || e.remove())
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
    var l = V[e.name.split('.')[0]], f
    if (!l || e.type == 'submit') return
    f = typed ? typed[e.name] : l.n in w.a ? F[e.name] : !l.r && F[e.name.replace(l.n, l.i.u)] || S.w[e.name]
    before[l.n] = w.v[l.n]
    if (/radio|check/.test(e.type)) e.checked = has(f, e.value)
    else e.value = f && f[0] || ''
  })
  S.p.k = k + 1
  S.p.n = path.length
  while (t = text.nextNode()) t.data = t.data.replace(/{(\w+)}/g, (x, k) => S.p[k] || '…')
  if (!following(A, n)) last.textContent = Q.u[5]
  notes.innerHTML = S.h[n] || ''
  N[1].some(i => i.l.some(l => A[l.n] == GIVEN)) || $('.note').remove()
  others()
  var h = $('h1'), hard = bad[0] && bad[0].h
  D.title = (hard ? 'Error: ' : '') + h.textContent
  scrollTo(0, 0)
  bad.forEach(b => {
    var li = el('li'), a = el('a', b.m), e = $('#' + b.v), p = el('p', b.m, 'error'), d = e.closest('fieldset') || e
    a.href = '#' + b.v
    a.onclick = v => {
      v.preventDefault()
      e.focus()
    }
    li.append(a)
    box.lastChild.append(li)
    if (!b.h) return
    p.id = 'e-' + b.v
    ;(e.closest('.options,.scale,.pair') || e).before(p)
    d.setAttribute('aria-describedby', p.id)
  })
  if (hard) box.className = 'summary'
  else box.firstChild.remove()
  if (bad[0]) h = box
  else box.remove()
  focus(h)
}

// The text beside "otro" waits until it is chosen.
function others() {
  N[1].forEach(i => i.l.forEach(l => {
    if (l.r) $('#' + l.n).parentNode.hidden = !named(i.n).some(e => e.value == 97 && e.checked)
  }))
}

// Show step n again with what was typed and what is to be said about it.
function warn(n, typed, bad) {
  again[n] = [typed, bad]
  bad.forEach(b => b.h || seen.push(b.c + ':' + b.v))
}
// Two answers to one question, from two devices or pages: the person says which one stays.
function merge(o, x) {
  page(Q.u[6])
  C.append(el('p', o.q), template(1))
  ;[o.a, o.b].forEach((t, k) => {
    all('blockquote')[k].textContent = t
    all('button')[k].onclick = () => {
      delete M[o.k]
      R = Math.max(R, o.r)
      if (k) keep(x)
      L.reload()
    }
  })
}

function finish(how) {
  page(Q.u[7])
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
  var bad = issues(raw, N[1].filter(i => i.l.some(l => l.n in mine)), A).filter(f => f.h || !has(seen, f.c + ':' + f.v))
  if (bad[0] && !stop) {
    warn(n, t, bad)
    return show()
  }
  if (!bad[0]) {
    take(n, t)
    keep({ p: n, v: seen, t })
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
    T = [0, 1, ...new Set(Q.i.map(i => i.s))]
    $('header span').textContent = S.n
    waiting().forEach(x => { if (x.k.startsWith(S.k)) take(x.p, x.t) })
    D.onsubmit = submit
    D.onclick = e => {
      B = e.target.form && e.target
      if (S.x) S.x = load(S.x, S.b)
    }
    D.onchange = e => {
      var n = e.target.name, l = V[n], marks = named(n).filter(b => b.checked).map(b => +b.value)
      if (l && l.k == 2) {
        before[n] = alone(l, before[n], marks)
        named(n).forEach(b => { b.checked = has(before[n], +b.value) })
      }
      N && others()
    }
    onhashchange = show
    show()
    send()
  }).catch(() => retry(begin))
}

ononline = send
D.cookie = 'trayecto_js=1;path=/'
C = $('#c')
if (C) {
  Q = JSON.parse($('#q').textContent)
  begin()
} else if ($('[name=s]')) {
  S.s = $('[name=s]').value
  send()
}
}())
