// What a soak has found, as a table.

const MARK = { true: 'ok', false: 'BROKEN', undefined: '' };

export class Report {
  #rows = [];
  broken = [];
  figures = {}; // as numbers

  /** `kept`: whether a promise that this shows is kept; undefined if it shows none. */
  add(what, figure, bound = '', kept = undefined) {
    this.#rows.push({ what, figure: String(figure), bound: String(bound), kept });
    if (kept === false) this.broken.push(`${what}: ${figure}; ${bound}`);
  }

  fail(problem) {
    if (!this.broken.includes(problem)) this.broken.push(problem);
  }

  print() {
    const cells = this.#rows.map((row) => [row.what, row.figure, row.bound, MARK[row.kept]]);
    const widths = [0, 1, 2].map((i) => Math.max(...cells.map((row) => row[i].length)));
    for (const row of cells) {
      console.log(row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd());
    }
    console.log(this.broken.length === 0 ? '\nAll promises kept' : '\nBROKEN:');
    for (const problem of this.broken) console.log(`  ${problem}`);
  }

  toJSON() {
    return { broken: this.broken, figures: this.figures, rows: this.#rows };
  }
}
