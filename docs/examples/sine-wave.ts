/** The first example. Until the compiler runs, it only shows that `npm start` reaches the library. */
import * as arignote from 'arignote'

console.log(`arignote exports ${Object.keys(arignote).length} names so far`)
