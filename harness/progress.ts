/**
 * What the program says on standard error while it works: an overall bar and a live line on a terminal, plain lines
 * elsewhere. Everything also goes to RUN/run.log where one is given.
 */
import { appendFileSync } from 'node:fs';
import { createLogUpdate } from 'log-update';
import type { OutputOptions } from './job.ts';

/** The live lines are drawn at most this often, ms. */
const DRAW_INTERVAL_MS = 250;
const BAR_WIDTH = 24;

export class Progress {
  readonly #options: OutputOptions;
  readonly #logPath: string | undefined;
  readonly #draw: ReturnType<typeof createLogUpdate> | undefined;
  #startedMs = performance.now();
  #total = 0;
  #noun = 'trials';
  #done = 0;
  #live: (() => string) | undefined;
  #drawnMs = 0;

  constructor(options: OutputOptions, logPath?: string) {
    this.#options = options;
    this.#logPath = logPath;
    const terminal = process.stderr.isTTY && !options.quiet;
    this.#draw = terminal ? createLogUpdate(process.stderr) : undefined;
  }

  /** Begin to count: the bar shows `done` of `total` of what is counted. */
  begin(total: number, noun = 'trials'): void {
    this.#total = total;
    this.#noun = noun;
    this.#startedMs = performance.now();
    this.#done = 0;
  }

  /** There are so many more than was known. */
  extend(by: number): void {
    this.#total += by;
  }

  /** One more is done; its line stays on the screen. */
  finish(line: string): void {
    this.#done += 1;
    const width = String(this.#total).length;
    this.line(`[${String(this.#done).padStart(width)}/${this.#total}] ${line}`);
  }

  /** A line that stays. */
  line(text: string): void {
    this.#log(text);
    if (this.#options.quiet) return;
    this.#draw?.clear();
    process.stderr.write(`${text}\n`);
    this.#render(true);
  }

  /** A line for the log, and for the screen with --verbose. */
  detail(text: string): void {
    if (this.#options.verbose) this.line(text);
    else this.#log(text);
  }

  /**
   * What is being done right now; replaces the live line, and is shown on terminals only. A function is called when
   * the line is drawn, a few times a second at most: wording a line costs more than measuring what it says.
   */
  live(text: string | (() => string)): void {
    this.#live = typeof text === 'string' ? () => text : text;
    this.#render(false);
  }

  /** Take the live lines away. */
  end(): void {
    this.#draw?.clear();
    this.#live = undefined;
  }

  #render(now: boolean): void {
    if (this.#draw === undefined || (this.#live === undefined && this.#total === 0)) return;
    const nowMs = performance.now();
    if (!now && nowMs - this.#drawnMs < DRAW_INTERVAL_MS) return;
    this.#drawnMs = nowMs;
    const bar = this.#total === 0 ? '' : `${this.#bar()}\n`;
    this.#draw(`${bar}${this.#live?.() ?? ''}`);
  }

  #bar(): string {
    const filled = Math.round((BAR_WIDTH * this.#done) / this.#total);
    const elapsedMs = performance.now() - this.#startedMs;
    const left =
      this.#done === 0 ? undefined : (elapsedMs / this.#done) * (this.#total - this.#done);
    const eta = left === undefined ? '' : `, about ${minutes(left)} left`;
    return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${this.#done}/${this.#total} ${this.#noun}${eta}`;
  }

  #log(text: string): void {
    if (this.#logPath === undefined) return;
    try {
      appendFileSync(this.#logPath, `${new Date().toISOString()} ${text}\n`);
    } catch {
      // The log is a convenience: a full disk is reported where the record is written.
    }
  }
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
