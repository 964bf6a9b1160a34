-- SPDX-License-Identifier: MIT
-- Advice that says who else may have answered, which clock or zone may be wrong, and how what was left
-- out is sent after all.
UPDATE reason SET advice = CASE word
	WHEN 'token_refused' THEN 'The token is refused: wrong, expired or revoked. convey connect NAME, or make a new one in Events Manager, then: convey token set NAME < token.txt. No code in last_error: a proxy or a firewall may have answered; mend that, keep the token, then: convey destination resume NAME'
	WHEN 'permission' THEN 'The token may not write to this pixel: its owner must be admin or operator of it, or the id is wrong (convey destination set NAME --id PIXEL). No code in last_error: a proxy or a firewall may have answered; keep token and id. Once it is mended: convey destination resume NAME'
	WHEN 'refused_by_tiktok' THEN 'The event was refused: see api_message in delivery_status, and convey preview. Mend the row (UPDATE outbox SET … WHERE id = …) and convey retry it, or cancel it. Nothing seen: ask TikTok with the request_id of convey why. No api_code: a proxy or a firewall may have answered; mend that, then retry.'
	WHEN 'future_time' THEN 'The time lies more than 5 minutes ahead. Check the clock and zone of the producer, --timezone of the destination, and this machine''s clock (convey doctor); then convey retry it once its time has come, or mend the row first: UPDATE outbox SET event_time = … WHERE id = … (convey why tells it).'
	WHEN 'not_attributed' THEN 'Another platform won this conversion, or TikTok did not. To send it all the same: change --deliver of the destination, then convey retry --status skipped --reason not_attributed.'
	WHEN 'no_route' THEN 'No active destination takes this event. See convey route list and convey destination list; once one takes it, convey retry --status skipped --reason no_route.'
	WHEN 'routed_away' THEN 'A route with the target drop matched. See convey route list. To send it after all: change the route, then convey retry --status skipped --reason routed_away.'
	WHEN 'sampled_out' THEN 'The route sends only a share of the events and this one is not in it. See --sample in convey route list. To send it after all: change that, then convey retry --status skipped --reason sampled_out.'
	WHEN 'too_old' THEN 'The event is older than 28 days, which TikTok does not attribute. Send conversions sooner. If a clock was wrong (convey doctor): set it right, then convey retry --status skipped --reason too_old.'
	ELSE advice END;
