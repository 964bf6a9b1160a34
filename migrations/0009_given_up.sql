-- SPDX-License-Identifier: MIT
-- What a person gave up by its event_id, and what was erased, counts for the rows of that id that no
-- relay has read: whatever their id stands in, and however many they are.
CREATE TABLE given_up (
	hash INTEGER NOT NULL,
	state INTEGER NOT NULL,
	last_id INTEGER NOT NULL,
	PRIMARY KEY (hash, state)
) WITHOUT ROWID;

CREATE INDEX given_up_last ON given_up (last_id);
