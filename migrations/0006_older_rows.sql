-- SPDX-License-Identifier: MIT
-- What earlier versions left, as this one would have it.

-- Which rows redaction had rewritten was not noted before step 4: NULL is not no there. It matters
-- for those that did not arrive and may be mended. What was rewritten has a hash in it, which says
-- so itself, or held a URL: where there is a '/', it is taken to have been.
UPDATE derived_id SET redacted = 1
WHERE redacted IS NULL AND outbox_id IN (
	SELECT key / 1024 FROM delivery WHERE state BETWEEN 80 AND 143 AND state < 160
	UNION SELECT key / 1024 FROM waiting)
	AND (SELECT instr(CAST(payload AS TEXT), '/') FROM outbox WHERE id = outbox_id) > 0;

-- ISO 3166 has no UK; it is no longer taken.
UPDATE destination SET default_country = 'GB' WHERE upper(trim(default_country)) = 'UK';
