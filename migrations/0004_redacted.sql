-- SPDX-License-Identifier: MIT
-- 1: redaction has rewritten a row that came without an event_id: who it was is not in it any more,
-- so that its id cannot be derived again, nor told from that of another. NULL: it has not.

ALTER TABLE derived_id ADD COLUMN redacted INTEGER;
