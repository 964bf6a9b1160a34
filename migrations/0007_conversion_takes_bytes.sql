-- SPDX-License-Identifier: MIT
-- What drivers bind as a BLOB (Python's bytes, Ruby's binary strings, Node's Buffers), and a number
-- without an end, made the INSERT INTO conversion fail, and with it the producer's own transaction:
-- JSON holds neither. They are text now, which outbox, visit and consent read them as. Any other number
-- stays one, in each column: the id that is derived of a row is of its bytes, and a ttp of 4711.0 is
-- read as 4711 where that text is not. Text is no number after one comparison. An event_id of bytes
-- would be sent, but who looks for its text in the views would not find it.
DROP TRIGGER conversion_insert;

CREATE TRIGGER conversion_insert INSTEAD OF INSERT ON conversion
BEGIN
	INSERT INTO outbox (event_id, event, event_time, payload)
	VALUES (CAST(NEW.event_id AS TEXT), CAST(NEW.event AS TEXT), NEW.event_time, json_patch('{}', json_object(
		'consent', json_object(
			'ad_user_data', CASE WHEN NEW.ad_user_data < 9e999 AND NEW.ad_user_data > -9e999
				THEN NEW.ad_user_data ELSE CAST(NEW.ad_user_data AS TEXT) END,
			'ad_personalization', CASE WHEN NEW.ad_personalization < 9e999 AND NEW.ad_personalization > -9e999
				THEN NEW.ad_personalization ELSE CAST(NEW.ad_personalization AS TEXT) END),
		'session_id', CASE WHEN NEW.session_id < 9e999 AND NEW.session_id > -9e999
				THEN NEW.session_id ELSE CAST(NEW.session_id AS TEXT) END,
		'page', json_object(
			'url', CASE WHEN NEW.page_url < 9e999 AND NEW.page_url > -9e999
				THEN NEW.page_url ELSE CAST(NEW.page_url AS TEXT) END,
			'referrer', CASE WHEN NEW.referrer < 9e999 AND NEW.referrer > -9e999
				THEN NEW.referrer ELSE CAST(NEW.referrer AS TEXT) END),
		'user', json_object(
			'email', CASE WHEN NEW.email < 9e999 AND NEW.email > -9e999
				THEN NEW.email ELSE CAST(NEW.email AS TEXT) END,
			'phone', CASE WHEN NEW.phone < 9e999 AND NEW.phone > -9e999
				THEN NEW.phone ELSE CAST(NEW.phone AS TEXT) END,
			'external_id', CASE WHEN NEW.external_id < 9e999 AND NEW.external_id > -9e999
				THEN NEW.external_id ELSE CAST(NEW.external_id AS TEXT) END,
			'ttclid', CASE WHEN NEW.ttclid < 9e999 AND NEW.ttclid > -9e999
				THEN NEW.ttclid ELSE CAST(NEW.ttclid AS TEXT) END,
			'ttp', CASE WHEN NEW.ttp < 9e999 AND NEW.ttp > -9e999
				THEN NEW.ttp ELSE CAST(NEW.ttp AS TEXT) END,
			'ip', CASE WHEN NEW.ip < 9e999 AND NEW.ip > -9e999
				THEN NEW.ip ELSE CAST(NEW.ip AS TEXT) END,
			'user_agent', CASE WHEN NEW.user_agent < 9e999 AND NEW.user_agent > -9e999
				THEN NEW.user_agent ELSE CAST(NEW.user_agent AS TEXT) END,
			'locale', CASE WHEN NEW.locale < 9e999 AND NEW.locale > -9e999
				THEN NEW.locale ELSE CAST(NEW.locale AS TEXT) END),
		'properties', json_object(
			'value', CASE WHEN NEW.value < 9e999 AND NEW.value > -9e999
				THEN NEW.value ELSE CAST(NEW.value AS TEXT) END,
			'currency', CASE WHEN NEW.currency < 9e999 AND NEW.currency > -9e999
				THEN NEW.currency ELSE CAST(NEW.currency AS TEXT) END,
			'order_id', CASE WHEN NEW.order_id < 9e999 AND NEW.order_id > -9e999
				THEN NEW.order_id ELSE CAST(NEW.order_id AS TEXT) END,
			'contents', CASE WHEN json_valid(NEW.contents) THEN json(NEW.contents)
				ELSE CAST(NEW.contents AS TEXT) END))));
END;
