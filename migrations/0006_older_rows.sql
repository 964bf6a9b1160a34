-- SPDX-License-Identifier: MIT
-- What earlier versions left, as this one would have it.

-- Which rows redaction had rewritten was not noted before step 4: NULL is not no there. It matters
-- for those that did not arrive and may be mended. What was rewritten has a hash in it, which says
-- so itself, or held a URL: where there is a '/', it is taken to have been. Rows that came since step
-- 4 have their note.
UPDATE derived_id SET redacted = 1
WHERE redacted IS NULL AND outbox_id IN (
	SELECT key / 1024 FROM delivery WHERE state BETWEEN 80 AND 143
	UNION SELECT key / 1024 FROM waiting)
	AND (SELECT instr(CAST(payload AS TEXT), '/') FROM outbox WHERE id = outbox_id) > 0
	AND NOT (SELECT typeof(created_at) = 'integer' AND created_at >
		(SELECT (julianday(applied_at) - 2440587.5) * 86400000 FROM schema_migration WHERE version = 4)
		FROM outbox WHERE id = outbox_id);

-- ISO 3166 has no UK and no EL; they are read as GB and GR, and kept as these.
UPDATE destination SET default_country = 'GB' WHERE upper(trim(default_country)) = 'UK';
UPDATE destination SET default_country = 'GR' WHERE upper(trim(default_country)) = 'EL';

-- An identifier that is written 4711.0 was read as that text and is read as 4711 now: what somebody
-- has said by it is put in once more, to be read anew, with the time that it had; what denies nothing
-- a millisecond earlier, so that a denial of the same moment stays the latest. Since the version that
-- has step 4 the columns were read so. A row that joins nobody (identity_disabled) is put in with those
-- identifiers alone.
INSERT INTO consent (external_id, email, phone, session_id, ad_user_data, ad_personalization,
	ad_storage, analytics_storage, stated_at)
SELECT CASE WHEN e OR NOT alone THEN external_id END, CASE WHEN NOT alone THEN email END,
	CASE WHEN p OR NOT alone THEN phone END, CASE WHEN s OR NOT alone THEN session_id END,
	ad_user_data, ad_personalization, ad_storage, analytics_storage,
	said.at - (lower(trim(coalesce(ad_user_data, ''))) IN ('', 'granted', 'unspecified')
		AND lower(trim(coalesce(ad_personalization, ''))) IN ('', 'granted', 'unspecified')
		AND lower(trim(coalesce(ad_storage, ''))) IN ('', 'granted', 'unspecified')
		AND lower(trim(coalesce(analytics_storage, ''))) IN ('', 'granted', 'unspecified'))
FROM (SELECT *,
	EXISTS (SELECT 1 FROM identity_disabled d WHERE d.source = 2 AND d.row_id = o.id) AS alone
	FROM (SELECT *,
		trim(external_id, char(9, 10, 13, 32)) GLOB '[0-9]*.0'
			AND trim(external_id, char(9, 10, 13, 32)) NOT GLOB '*[^0-9.]*' AS e,
		trim(phone, char(9, 10, 13, 32)) GLOB '[0-9]*.0'
			AND trim(phone, char(9, 10, 13, 32)) NOT GLOB '*[^0-9.]*' AS p,
		trim(session_id, char(9, 10, 13, 32)) GLOB '[0-9]*.0'
			AND trim(session_id, char(9, 10, 13, 32)) NOT GLOB '*[^0-9.]*' AS s
		FROM consent) o
	WHERE e OR p OR s) c
JOIN (SELECT consent_id, max(stated_at) AS at FROM statement GROUP BY consent_id) said
	ON said.consent_id = c.id AND said.at <= (SELECT (julianday(applied_at) - 2440587.5) * 86400000
		FROM schema_migration WHERE version = 4)
ORDER BY c.id;
