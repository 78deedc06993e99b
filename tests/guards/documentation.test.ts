// What the documents point at must exist.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const repository = join(import.meta.dirname, '../../../..');

function documents(): string[] {
  const inDocs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' }).map(
    (name) => `docs/${name}`,
  );
  return ['README.md', 'ARCHITECTURE.md', 'SPECIFICATION.md', ...inDocs].filter((name) => name.endsWith('.md'));
}

test('every relative link of a document leads to a file', () => {
  let links = 0;
  for (const document of documents()) {
    const text = readFileSync(join(repository, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)/g)) {
      if (/^https?:/.test(target)) continue;
      links++;
      assert.ok(existsSync(join(repository, dirname(document), target)), `${document} links to ${target}`);
    }
  }
  assert.ok(links > 0);
});

test('every page of docs is listed in its index', () => {
  const index = readFileSync(join(repository, 'docs/README.md'), 'utf8');
  const pages = readdirSync(join(repository, 'docs')).filter((name) => name !== 'README.md');
  for (const page of pages) assert.match(index, new RegExp(`\\(${page.replaceAll('.', '\\.')}`), `docs/${page}`);
});

test('every promise of the specification has its own number, and names a test that exists or says open', () => {
  const text = readFileSync(join(repository, 'SPECIFICATION.md'), 'utf8');
  const rows = [...text.matchAll(/^\| ([A-Z]\d+) \|(.*)\|([^|]*)\|$/gm)];
  const numbers = rows.map(([, number]) => number);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.ok(numbers.length > 0);
  for (const [, number, , holder = ''] of rows) {
    const paths = [...holder.matchAll(/`((?:src|tests|bench|tools)\/[^`]*)`/g)].map(([, path = '']) => path);
    assert.ok(paths.length > 0 || /^\s*open\b/.test(holder), `${number} is held by nothing`);
    for (const path of paths) assert.ok(existsSync(join(repository, path)), `${number} names ${path}`);
  }
});

test('every folder of the sources has its paragraph in the architecture', () => {
  const text = readFileSync(join(repository, 'ARCHITECTURE.md'), 'utf8');
  for (const path of readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('/tsconfig.json')) continue;
    assert.ok(text.includes(`**\`${dirname(path)}\`**`), `ARCHITECTURE.md has no paragraph for src/${dirname(path)}`);
  }
});
