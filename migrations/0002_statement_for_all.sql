-- SPDX-License-Identifier: MIT
-- What a consent row says that names no external_id stands apart from what names one: under the
-- identifier's number with its highest bit turned over. Of rows that have gone it is not known
-- whom they named: what they deny stands under both.

UPDATE OR REPLACE statement SET node = (node | (1 << 63)) - (node & (1 << 63))
WHERE consent_id IN (SELECT id FROM consent WHERE trim(coalesce(external_id, '')) = '');

INSERT OR IGNORE INTO statement (node, stated_at, consent_id, signals)
SELECT (node | (1 << 63)) - (node & (1 << 63)), stated_at, consent_id, signals & 0xAA
FROM statement
WHERE signals & 0xAA AND consent_id NOT IN (SELECT id FROM consent);
