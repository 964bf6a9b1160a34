-- SPDX-License-Identifier: MIT
-- What earlier versions left, as this one would have it.

-- Which rows redaction had rewritten was not noted before step 4: NULL is not no there. It matters
-- for those that did not arrive and may be mended. What was rewritten has a hash in it, which says
-- so itself, or held a URL: where there is a '/', it is taken to have been. Rows that came since step
-- 4 have their note: created_at says so in any unit, as the view creation reads it, which no step can
-- ask. The second bound of state leads to the index of what was not sent.
UPDATE derived_id SET redacted = 1
WHERE redacted IS NULL AND outbox_id IN (
	SELECT key / 1024 FROM delivery WHERE state BETWEEN 80 AND 143 AND state < 160
	UNION SELECT key / 1024 FROM waiting)
	AND (SELECT instr(CAST(payload AS TEXT), '/') FROM outbox WHERE id = outbox_id) > 0
	AND NOT coalesce((SELECT CASE
			WHEN typeof(created_at) = 'text' THEN CASE WHEN created_at GLOB '[0-9][0-9][0-9][0-9]-*'
				THEN (julianday(created_at) - 2440587.5) * 86400000 END
			WHEN created_at < 1e11 THEN created_at * 1000
			WHEN created_at < 1e14 THEN created_at
			WHEN created_at < 1e17 THEN created_at / 1000
			ELSE created_at / 1000000 END
		FROM outbox WHERE id = outbox_id) >
		(SELECT (julianday(applied_at) - 2440587.5) * 86400000 FROM schema_migration WHERE version = 4), 0);

-- ISO 3166 has no UK and no EL; they are read as GB and GR, and kept as these.
UPDATE destination SET default_country = 'GB' WHERE upper(trim(default_country)) = 'UK';
UPDATE destination SET default_country = 'GR' WHERE upper(trim(default_country)) = 'EL';

-- An identifier that is written 4711.0 was read as that text and is read as 4711 now: what somebody
-- has said by it is put in once more, to be read anew, as it was understood (of signals two bits each,
-- 2 denies) and with the time that it had, less a millisecond: what was said at the same moment and is
-- read anew by nobody stays the latest. Whoever denied by a clock that is ahead, or at no time, has two
-- statements, one of the moment it was read. A time that is still to come is left out, as it would be said
-- anew today, and override what was said since. A denial of no time is put at the first second there is, for
-- the same reason. A number below 1e11 is read as seconds, so such times are written out. The version that
-- has step 4 reads the columns as this one: what was said since then is left alone. For a phone nothing can
-- be done here: the column holds a hash of the number that it was taken for, and under that one it stays.
CREATE TEMP TABLE once_more (
	number INTEGER PRIMARY KEY,
	consent_id INTEGER NOT NULL,
	stated_at INTEGER NOT NULL,
	signals INTEGER NOT NULL,
	denies INTEGER NOT NULL
);

INSERT INTO once_more (consent_id, stated_at, signals, denies)
SELECT DISTINCT consent_id, stated_at, signals, (signals & 170) <> 0
FROM statement
WHERE consent_id IN (SELECT id FROM (SELECT id,
			trim(external_id, char(9, 10, 11, 12, 13, 32)) AS e,
			trim(phone, char(9, 10, 11, 12, 13, 32)) AS p,
			trim(session_id, char(9, 10, 11, 12, 13, 32)) AS s
		FROM consent
		WHERE instr(external_id, '.0') OR instr(phone, '.0') OR instr(session_id, '.0'))
	WHERE e GLOB '[0-9]*.0' AND e NOT GLOB '*[^0-9.]*' OR p GLOB '[0-9]*.0' AND p NOT GLOB '*[^0-9.]*'
		OR s GLOB '[0-9]*.0' AND s NOT GLOB '*[^0-9.]*')
	AND stated_at <= (SELECT (min(julianday(applied_at), julianday('now')) - 2440587.5) * 86400000
		FROM schema_migration WHERE version = 4)
ORDER BY consent_id, stated_at;

INSERT INTO consent (external_id, email, phone, session_id, ad_user_data, ad_personalization,
	ad_storage, analytics_storage, stated_at)
SELECT external_id, email, phone, session_id,
	CASE signals & 3 WHEN 1 THEN 'GRANTED' WHEN 2 THEN 'DENIED' ELSE 'UNSPECIFIED' END,
	CASE signals >> 2 & 3 WHEN 1 THEN 'GRANTED' WHEN 2 THEN 'DENIED' ELSE 'UNSPECIFIED' END,
	CASE signals >> 4 & 3 WHEN 1 THEN 'GRANTED' WHEN 2 THEN 'DENIED' ELSE 'UNSPECIFIED' END,
	CASE signals >> 6 & 3 WHEN 1 THEN 'GRANTED' WHEN 2 THEN 'DENIED' ELSE 'UNSPECIFIED' END,
	CASE WHEN m.stated_at < 1 THEN denies
		WHEN m.stated_at <= 1e11 THEN strftime('%Y-%m-%dT%H:%M:%fZ', (m.stated_at - 1) / 1000.0, 'unixepoch')
		ELSE m.stated_at - 1 END
FROM once_more m JOIN consent c ON c.id = m.consent_id
ORDER BY number;

-- What joins nobody joins nobody by its new number either, and stays one person's word.
INSERT INTO identity_disabled (source, row_id)
SELECT 2, (SELECT max(id) FROM consent) - (SELECT max(number) FROM once_more) + number
FROM once_more
WHERE consent_id IN (SELECT row_id FROM identity_disabled WHERE source = 2);

DROP TABLE once_more;
