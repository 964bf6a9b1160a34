-- SPDX-License-Identifier: MIT
-- What drivers bind as a BLOB (Python's bytes, Ruby's binary strings, Node's Buffers), and a number
-- without an end, made the INSERT INTO conversion fail, and with it the producer's own transaction:
-- JSON holds neither. They are text now, which outbox, visit and consent read them as. A number that
-- JSON has stays one where numbers are read; where none are, a CAST is cheaper than to ask. An
-- event_id of bytes would be sent, but who looks for its text in the views would not find it.
DROP TRIGGER conversion_insert;

CREATE TRIGGER conversion_insert INSTEAD OF INSERT ON conversion
BEGIN
	INSERT INTO outbox (event_id, event, event_time, payload)
	VALUES (CAST(NEW.event_id AS TEXT), CAST(NEW.event AS TEXT), NEW.event_time, json_patch('{}', json_object(
		'consent', json_object('ad_user_data', CAST(NEW.ad_user_data AS TEXT),
			'ad_personalization', CAST(NEW.ad_personalization AS TEXT)),
		'session_id', CASE WHEN NEW.session_id > -9e999 AND NEW.session_id < 9e999
			THEN NEW.session_id ELSE CAST(NEW.session_id AS TEXT) END,
		'page', json_object('url', CAST(NEW.page_url AS TEXT),
			'referrer', CAST(NEW.referrer AS TEXT)),
		'user', json_object('email', CAST(NEW.email AS TEXT),
			'phone', CASE WHEN NEW.phone > -9e999 AND NEW.phone < 9e999
				THEN NEW.phone ELSE CAST(NEW.phone AS TEXT) END,
			'external_id', CASE WHEN NEW.external_id > -9e999 AND NEW.external_id < 9e999
				THEN NEW.external_id ELSE CAST(NEW.external_id AS TEXT) END,
			'ttclid', CAST(NEW.ttclid AS TEXT), 'ttp', CAST(NEW.ttp AS TEXT),
			'ip', CAST(NEW.ip AS TEXT), 'user_agent', CAST(NEW.user_agent AS TEXT),
			'locale', CAST(NEW.locale AS TEXT)),
		'properties', json_object(
			'value', CASE WHEN NEW.value > -9e999 AND NEW.value < 9e999
				THEN NEW.value ELSE CAST(NEW.value AS TEXT) END,
			'currency', CAST(NEW.currency AS TEXT),
			'order_id', CASE WHEN NEW.order_id > -9e999 AND NEW.order_id < 9e999
				THEN NEW.order_id ELSE CAST(NEW.order_id AS TEXT) END,
			'contents', CASE WHEN json_valid(NEW.contents) THEN json(NEW.contents)
				ELSE CAST(NEW.contents AS TEXT) END))));
END;
