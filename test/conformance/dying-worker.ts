// For runner.test.ts: a worker with one unit of three samples, which kills itself in the middle one.
import { writeSync } from 'node:fs';
import type { Message, Task } from './worker.js';

const task = JSON.parse(process.argv[2]!) as Task;
const send = (message: Message): void => void writeSync(3, `${JSON.stringify(message)}\n`);

for (const unit of task.units) {
  const ids = unit === 'deadly' ? ['a', 'b', 'c'] : ['d'];
  send({ unit, tier: 1, lacks: [], jobs: ids.length });
  for (const id of unit === 'deadly' ? ids.slice(task.skip) : ids) {
    send({ start: id, dtype: 'float32' });
    if (id === 'b') process.kill(process.pid, 'SIGSEGV');
    send({
      done: { op: unit, id, dtype: 'float32', status: 'passed', parts: { values: true }, failures: [] },
    });
  }
}
