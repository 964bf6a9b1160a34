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

-- ISO 3166 has no UK and no EL; they are read as GB and GR, and kept as these.
UPDATE destination SET default_country = 'GB' WHERE upper(trim(default_country)) = 'UK';
UPDATE destination SET default_country = 'GR' WHERE upper(trim(default_country)) = 'EL';

-- An identifier that is written 4711.0 was read as that text and is read as 4711 now: what somebody
-- has said by it is put in once more, to be read anew, with the time that it had.
INSERT INTO consent (external_id, email, phone, session_id, ad_user_data, ad_personalization,
	ad_storage, analytics_storage, stated_at)
SELECT external_id, email, phone, session_id, ad_user_data, ad_personalization, ad_storage,
	analytics_storage, said.at
FROM (SELECT consent_id, max(stated_at) AS at FROM statement WHERE consent_id IN (
	SELECT id FROM consent
	WHERE (external_id GLOB '[0-9]*.0' AND external_id NOT GLOB '*[^0-9.]*')
		OR (phone GLOB '[0-9]*.0' AND phone NOT GLOB '*[^0-9.]*')
		OR (session_id GLOB '[0-9]*.0' AND session_id NOT GLOB '*[^0-9.]*'))
	GROUP BY consent_id) said
JOIN consent ON id = said.consent_id ORDER BY id;
