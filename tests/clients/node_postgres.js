// node-postgres against tailrace, as an application uses it. Called with the port; prints one line a test.
'use strict';

const assert = require('node:assert/strict');
const {Client, Pool} = require('pg');

const port = Number(process.argv[2]);
const word = process.argv[3] || '';
const settings = {host: '127.0.0.1', port, user: 'materialize', database: 'materialize'};

async function withClient(work, more = {}) {
  const client = new Client({...settings, ...more});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const tests = {
  async answers_a_query() {
    await withClient(async (client) => {
      const result = await client.query('SELECT 1 AS one, $1::text AS word, NULL::int AS nothing', ['žluť']);
      assert.deepEqual(result.rows, [{one: 1, word: 'žluť', nothing: null}]);
      assert.deepEqual(result.fields.map((field) => field.dataTypeID), [23, 25, 23]);
      assert.equal(result.command, 'SELECT');
      assert.equal(result.rowCount, 1);
    });
  },

  async converts_types() {
    await withClient(async (client) => {
      const {rows: [row]} = await client.query(
          `SELECT true AS b, 2147483647 AS i, 9007199254740993::bigint AS l, 1.5::float8 AS f, 1.25::numeric AS n,
                  '2024-02-29 12:34:56.789+00'::timestamptz AS t, '{"a": [1, null]}'::jsonb AS j,
                  ARRAY[1, 2]::int[] AS a, '\\x00ff'::bytea AS y, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS u`);
      assert.equal(row.b, true);
      assert.equal(row.i, 2147483647);
      assert.equal(row.l, '9007199254740993');
      assert.equal(row.f, 1.5);
      assert.equal(row.n, '1.25');
      assert.equal(row.t.toISOString(), '2024-02-29T12:34:56.789Z');
      assert.deepEqual(row.j, {a: [1, null]});
      assert.deepEqual(row.a, [1, 2]);
      assert.deepEqual(row.y, Buffer.from([0, 255]));
      assert.equal(row.u, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
    });
  },

  async asks_for_binary_results() {
    await withClient(async (client) => {
      const result = await client.query({text: 'SELECT 7::int AS i, true AS b, 1.5::float8 AS f', binary: true});
      assert.deepEqual(result.rows, [{i: 7, b: true, f: 1.5}]);
    });
  },

  async uses_a_named_statement() {
    await withClient(async (client) => {
      for (const number of [1, 2, 3]) {
        const result = await client.query({name: 'twice', text: 'SELECT $1::int * 2 AS n', values: [number]});
        assert.equal(result.rows[0].n, number * 2);
      }
    });
  },

  async writes_in_a_transaction() {
    await withClient(async (client) => {
      await client.query('CREATE TABLE node_notes (id int, body text)');
      await client.query('BEGIN');
      await client.query('INSERT INTO node_notes VALUES ($1, $2)', [1, "it's"]);
      await client.query('INSERT INTO node_notes VALUES ($1, $2)', [2, null]);
      await client.query('COMMIT');
      await client.query('BEGIN');
      await client.query('INSERT INTO node_notes VALUES (3, \'never\')');
      await client.query('ROLLBACK');
      const {rows} = await client.query('SELECT * FROM node_notes ORDER BY id');
      assert.deepEqual(rows, [{id: 1, body: "it's"}, {id: 2, body: null}]);
      const updated = await client.query('UPDATE node_notes SET body = $1 WHERE id = $2', ['x', 2]);
      assert.equal(updated.rowCount, 1);
      await client.query('DROP TABLE node_notes');
    });
  },

  async gets_errors_with_their_code() {
    await withClient(async (client) => {
      await assert.rejects(client.query('SELECT 1/0'), {code: '22012', severity: 'ERROR'});
      await assert.rejects(client.query('SELEC 1'), {code: '42601', position: '1'});
      await assert.rejects(client.query('SELECT $1::int', ['x']), {code: '22023'});
      assert.equal((await client.query('SELECT 5 AS n')).rows[0].n, 5);
    });
  },

  async gets_several_results_of_one_string() {
    await withClient(async (client) => {
      const results = await client.query('SELECT 1 AS a; SELECT 2 AS b');
      assert.deepEqual(results.map((result) => result.rows), [[{a: 1}], [{b: 2}]]);
    });
  },

  async pools_connections() {
    const pool = new Pool({...settings, max: 5});
    const answers = await Promise.all(
        Array.from({length: 50}, (_, number) => pool.query('SELECT $1::int AS n', [number])));
    assert.deepEqual(answers.map((answer) => answer.rows[0].n), Array.from({length: 50}, (_, number) => number));
    await pool.end();
  },

  async follows_a_view_with_a_cursor() {
    await withClient(async (client) => {
      await client.query('CREATE TABLE node_events (n int)');
      await client.query('CREATE MATERIALIZED VIEW node_total AS SELECT sum(n) AS total FROM node_events');
      await client.query('BEGIN');
      await client.query('DECLARE changes CURSOR FOR SUBSCRIBE node_total WITH (SNAPSHOT = false)');
      await withClient((other) => other.query('INSERT INTO node_events VALUES (4), (5)'));
      const {rows} = await client.query("FETCH ALL changes WITH (timeout = '5s')");
      assert.deepEqual(rows.filter((row) => Number(row.mz_diff) > 0).map((row) => String(row.total)), ['9']);
      await client.query('COMMIT');
      await client.query('DROP TABLE node_events CASCADE');
    });
  },

  async cancels_by_timeout() {
    await withClient(async (client) => {
      await assert.rejects(
          client.query('SELECT count(*) FROM generate_series(1, 30000) a, generate_series(1, 30000) b ' +
                       'WHERE a * b % 7 = 3'),
          {code: '57014'});
    }, {statement_timeout: 300});
  },
};

async function main() {
  let failed = 0;
  let passed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (!`node_postgres.${name}`.includes(word)) continue;
    const started = Date.now();
    try {
      await test();
      passed += 1;
      console.log(`ok   node_postgres.${name} ${((Date.now() - started) / 1000).toFixed(1)}s`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL node_postgres.${name}\n    ${String(error.stack).replaceAll('\n', '\n    ')}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

main();
