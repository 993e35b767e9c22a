// A client in a process of its own: asks a server so many times a second, whether it has answered or not, and prints the
// milliseconds from when each request was due to the end of its answer, and of processor time that it used meanwhile.
// client.ts URL RATE SECONDS
//
// It writes requests to sockets and looks for the end of the answers itself: what a client of Node's own takes from the cores
// that training runs on would be more than what the server takes.
import net from 'node:net';
import { performance } from 'node:perf_hooks';

const [url, rate, seconds] = process.argv.slice(2) as [string, string, string];
const interval = 1000 / Number(rate);
const count = Math.round(Number(rate) * Number(seconds));
const { hostname, port, pathname } = new URL(url);
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: keep-alive\r\n\r\n`;

/** A connection, which has one request at a time. */
class Connection {
  readonly #socket = net.connect(Number(port), hostname);
  #received = '';
  #answered: (() => void) | undefined;
  #failed: ((reason: Error) => void) | undefined;

  constructor() {
    this.#socket.setEncoding('latin1').setNoDelay(true);
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', (error) => this.#failed?.(error));
    this.#socket.on('close', () => this.#failed?.(new Error('the server closed the connection')));
  }

  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const body = this.#received.indexOf('\r\n\r\n');
    if (body < 0) return;
    const length = /content-length: (\d+)/i.exec(this.#received)?.[1];
    if (length === undefined || !this.#received.startsWith('HTTP/1.1 200 ')) {
      this.#failed?.(new Error(`got ${this.#received.slice(0, body)}`));
    } else if (this.#received.length >= body + 4 + Number(length)) {
      this.#received = '';
      this.#answered?.();
    }
  }
}

const all: Connection[] = [];
const idle: Connection[] = [];

async function ask(): Promise<void> {
  let connection = idle.pop();
  if (connection === undefined) all.push((connection = new Connection()));
  await connection.ask();
  idle.push(connection);
}

// Connections, and the code of both sides, are there before anything counts.
for (let i = 0; i < 50; i++) await ask();

const latencies: number[] = [];
const answers: Promise<void>[] = [];
const start = performance.now();
const before = process.cpuUsage();
for (let i = 0; i < count; i++) {
  const due = start + i * interval;
  const wait = due - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  // A timer fires up to a millisecond early.
  const since = Math.min(due, performance.now());
  answers.push(ask().then(() => void latencies.push(performance.now() - since)));
}
await Promise.all(answers);
for (const connection of all) connection.close();
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ latencies, busy: (user + system) / 1000 }));
