/** Parts of a benchmark that run in processes of their own, and what is asked of them. */
import { type ChildProcess, fork } from 'node:child_process'

export interface Child<Request, Answer> {
  ask(request: Request): Promise<Answer>
  end(): void
}

/** Starts this program once more with its own options, as the child of that name; the answer to nothing is that it is ready. */
export async function start<Request, Answer>(
  name: string,
  options: readonly string[] = [],
): Promise<Child<Request, Answer>> {
  const child = fork(process.argv[1]!, [...process.argv.slice(2), '--child', name, ...options], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const answer = () => nextMessage<Answer>(child, name)
  await answer()
  return {
    ask(request) {
      child.send(request as object)
      return answer()
    },
    end: () => child.kill(),
  }
}

function nextMessage<Answer>(child: ChildProcess, name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error(`${name}: ended before it answered`))
    child.once('exit', gone)
    child.once('message', message => {
      child.off('exit', gone)
      resolve(message as Answer)
    })
  })
}

/** In a child: says that it is ready, and answers from then on. */
export function answer<Request, Answer>(respond: (request: Request) => Promise<Answer>): void {
  process.on('message', async request => {
    process.send!(await respond(request as Request))
  })
  process.send!('ready')
}
