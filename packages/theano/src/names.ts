/**
 * Names that there are not: instead of `undefined is not a function`, an error that says why Theano's name is left out,
 * or which name is nearest.
 */
import { ArgumentError, type ArignoteError, nearestName, report } from '@arignote/graph'
import { config } from './config.js'

/** Names of Theano's that are left out on purpose, and what to do instead. */
const refused: { readonly [path: string]: string } = {
  'T.nnet.conv2d': 'there are no convolutions: windows are slices, stacked, and a tensordot',
  'T.nnet.conv3d': 'there are no convolutions: windows are slices, stacked, and a tensordot',
  'T.nnet.abstract_conv': 'there are no convolutions: windows are slices, stacked, and a tensordot',
  'T.nnet.batch_normalization': 'write it with mean and var; it becomes a few kernels',
  'T.nnet.bn': 'write it with mean and var; it becomes a few kernels',
  'T.nnet.h_softmax': 'write it with softmax and take',
  'T.signal': 'there are no convolutions and no pooling',
  'T.nonzero': 'sizes may not depend on values: switch, or argsort of the condition',
  'T.eval': 'evaluate(x, [[input, value]]) of arignote',
  'T.median': 'sort, then the middle',
  'T.dscalar_': 'dscalar',
  'theano.gof': 'ops and rewrites are entries and rows: docs/adding-an-op.md, docs/adding-a-rule.md',
  'theano.Op': 'ops are entries: docs/adding-an-op.md; a derivative of your own is customGrad of arignote',
  'theano.Apply': 'ops are entries: docs/adding-an-op.md',
  'theano.OpFromGraph':
    'a function of tensors is the sub-graph; a derivative of your own is customGrad of arignote',
  'theano.compile': 'modes are options of theano.function',
  'theano.sandbox.cuda': 'there is no GPU back end',
  'theano.gpuarray': 'there is no GPU back end',
  'theano.sparse': 'there are no sparse tensors',
  'theano.misc': 'saving parameters is arignote/save',
  'theano.printing.d3viz': 'toDot draws',
}

const complex = /^T\.[cz](?:scalar|vector|row|col|matrix|tensor[34]|matrices)s?$/

function unknown(path: string, name: string, names: readonly string[]): ArignoteError {
  const whole = `${path}.${name}`
  const reason = complex.test(whole) ? 'there are no complex numbers' : refused[whole]
  const nearest = reason === undefined ? nearestName(name, names) : null
  return report(ArgumentError, 'E700', {
    operation: path,
    problem: `there is no name ${JSON.stringify(name)}`,
    lines: [
      ...(reason === undefined ? [] : [reason]),
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      'docs/porting-from-theano.md lists all names',
    ],
    did: 'called',
  })
}

/** What asks objects for these names is no user: promises, test runners, printers of objects. */
const asked = new Set(['then', 'toJSON', 'constructor', 'asymmetricMatch', 'nodeType', 'tagName', 'inspect'])

const made = new WeakSet<object>()

/** `config` stays what it is. */
const isModule = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && x !== config && !made.has(x)

/** The names of a module, and of those in it, as an object of which a name that it lacks is an error. */
export function named<O extends object>(path: string, module: O): O {
  const members = Object.fromEntries(
    Object.entries(module).map(([name, member]) => [
      name,
      isModule(member) ? named(`${path}.${name}`, member) : member,
    ]),
  )
  const names = Object.keys(members)
  const proxy = new Proxy(Object.freeze(members), {
    get(target, name, receiver) {
      const isMissing =
        typeof name === 'string' && !(name in target) && !asked.has(name) && !/^[@$_]/.test(name)
      if (isMissing) throw unknown(path, name, names)
      return Reflect.get(target, name, receiver)
    },
  })
  made.add(proxy)
  return proxy as O
}
