// Walk one link in an old Chrome: node old_chrome.js CHROMIUM LINK FOLDER → JSON on standard output.
const puppeteer = require('puppeteer-core')
const fs = require('fs')
const path = require('path')

const [program, link, folder] = process.argv.slice(2)
const script = fs.readFileSync(path.join(__dirname, 'walk.js'), 'utf8')
// The next step or the receipt shows, not the page between them that only sends.
const settled = t => document.title !== t && document.querySelector('h1') &&
  (document.querySelector('form[novalidate]') || /paso=fin/.test(location.search))
const flags = ['--no-sandbox', '--disable-gpu', '--single-process', '--no-zygote', '--no-first-run', '--hide-scrollbars', '--disable-background-networking']

;(async () => {
  const browser = await puppeteer.launch({ executablePath: program, args: flags, headless: true })
  const said = { version: await browser.version(), steps: [], errors: [], asked: [] }
  const page = await browser.newPage()
  page.on('pageerror', e => said.errors.push(String(e)))
  page.on('console', m => /Security Policy/.test(m.text()) && said.errors.push(m.text()))
  await page.setViewport({ width: 360, height: 640, isMobile: true, hasTouch: true })
  await page.goto(link)
  for (let step = 0; step < 80; step++) {
    await page.evaluate(script)
    said.steps.push(await page.evaluate('walk.look()'))
    await page.screenshot({ path: `${folder}/${String(step).padStart(2, '0')}.png` })
    if (!(await page.$('button.go'))) break
    await page.evaluate('walk.answer()')
    const title = await page.title()
    await page.click('button.go')
    await page.waitForFunction(settled, { timeout: 20000 }, title)
  }
  await browser.close()
  process.stdout.write(JSON.stringify(said))
})().catch(e => {
  process.stderr.write(String(e && e.stack))
  process.exit(1)
})
