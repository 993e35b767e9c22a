// A client in a process of its own: asks a server so many times a second, whether it has answered or not, and prints the
// milliseconds from when each request was due to the end of its answer. client.ts URL RATE SECONDS
import http from 'node:http';
import { performance } from 'node:perf_hooks';

const [url, rate, seconds] = process.argv.slice(2) as [string, string, string];
const interval = 1000 / Number(rate);
const count = Math.round(Number(rate) * Number(seconds));
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('refused'))));
    });
    request.on('error', reject);
  });
}

// Connections, and the code of both sides, are there before anything counts.
for (let i = 0; i < 50; i++) await ask();

const latencies: number[] = [];
const answers: Promise<void>[] = [];
const start = performance.now();
for (let i = 0; i < count; i++) {
  const due = start + i * interval;
  const wait = due - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  // A timer fires up to a millisecond early.
  const since = Math.min(due, performance.now());
  answers.push(ask().then(() => void latencies.push(performance.now() - since)));
}
await Promise.all(answers);
agent.destroy();
console.log(JSON.stringify(latencies));
