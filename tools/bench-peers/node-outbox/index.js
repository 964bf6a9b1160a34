// SPDX-License-Identifier: MIT
// node index.js DB URL [--drain]: takes pending rows by the thousand, sends them, marks them.
"use strict";
const Database = require("better-sqlite3");
const { Pool } = require("undici");

const [file, url] = process.argv.slice(2);
const drain = process.argv.includes("--drain");
const db = new Database(file, { timeout: 60000 });
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");

const take = db.prepare(
  "SELECT id, event_id, event, payload, created_at FROM outbox WHERE status = 'pending' ORDER BY id LIMIT 1000");
const mark = db.prepare("UPDATE outbox SET status = ? WHERE id = ?");
const markAll = db.transaction((rows, status) => {
  for (const row of rows) mark.run(status, row.id);
});
const pool = new Pool(new URL(url).origin, { connections: 2 });

function item(row) {
  const { page, user, properties } = JSON.parse(row.payload);
  return { event: row.event, event_id: row.event_id, event_time: Math.floor(row.created_at / 1000),
           page, user, properties };
}

async function send(rows) {
  const { statusCode, body } = await pool.request({
    path: "/open_api/v1.3/event/track/",
    method: "POST",
    headers: { "content-type": "application/json", "access-token": "token" },
    body: JSON.stringify({ event_source: "web", event_source_id: "C1234567890ABCDEFGHI",
                           data: rows.map(item) }),
  });
  const answer = await body.json();
  if (statusCode !== 200 || answer.code !== 0) throw new Error(`answer ${statusCode}`);
}

let over = false;
process.on("SIGTERM", () => { over = true; });

(async () => {
  while (!over) {
    const rows = take.all();
    if (rows.length === 0) {
      if (drain) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    markAll(rows, "sending");
    await send(rows);
    markAll(rows, "sent");
  }
  await pool.close();
  db.close();
})();
