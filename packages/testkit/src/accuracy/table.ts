/** npm run accuracy [-- words] [--count=N]: the greatest errors of the functions whose names have a word, as a table. */
import { functions, measure } from './measure.js'

const args = process.argv.slice(2)
const option = (name: string, otherwise: number) =>
  Number(args.find(arg => arg.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const words = args.filter(arg => !arg.startsWith('--'))
const count = option('count', 1e7)
const exact = option('exact', 2000)
const names = Object.keys(functions).filter(name => words.length === 0 || words.includes(name))
const dtypes = (['float32', 'float64'] as const).filter(dtype => !args.includes(`--no-${dtype}`))

const number = (x: number) => (Number.isFinite(x) ? x.toFixed(2) : String(x))
for (const dtype of dtypes) {
  console.log(
    `\n| ${dtype} | ulp | from JavaScript's | where | got | JavaScript's | points |\n|---|---|---|---|---|---|---|`,
  )
  for (const name of names) {
    const a = measure(name, { dtype, count, exact: dtype === 'float64' ? exact : 0 })
    console.log(
      `| ${name} | ${number(a.ulps)} | ${number(a.fromNative)} | ${a.at.join(', ')} | ${a.got} | ${a.wanted} | ${a.points} |`,
    )
  }
}
