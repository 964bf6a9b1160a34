-- SPDX-License-Identifier: MIT
-- What redaction leaves of a row without an event_id is remembered by its hash: what still holds
-- that has been mended by nobody, and keeps its derived id. NULL: nothing was redacted.

ALTER TABLE derived_id ADD COLUMN content INTEGER;
