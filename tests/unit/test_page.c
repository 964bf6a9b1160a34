/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/page_parts.h"

#define NOW_S INT64_C(1764079530) /* 2025-11-25T14:05:30Z */
#define EVIL "<script>alert(1)</script>\"'><b onclick=x>&amp;"

static struct buf html;

static int set_up(void **state)
{
	(void)state;
	buf_init(&html, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&html);
	return 0;
}

static size_t times(const char *needle)
{
	const char *at = buf_z(&html);
	size_t count = 0;

	while ((at = strstr(at, needle)) != NULL) {
		at += strlen(needle);
		count++;
	}
	return count;
}

/* A view whose every text is hostile, with something of everything to be shown. */
struct scene {
	struct overview o;
	struct vitals v;
	struct vitals_site site;
	struct page_view p;
};

static void open_scene(struct scene *s)
{
	struct str evil = STR(EVIL);

	overview_init(&s->o, NOW_S * 1000);
	s->o.sites[0] = (struct overview_site){.name = evil,
					       .source = evil,
					       .state = evil,
					       .last_error = evil,
					       .last_delivered = evil,
					       .zone = evil,
					       .pending = 3,
					       .oldest_s = 9};
	s->o.sites[1] = s->o.sites[0];
	s->o.sites[1].name = STR("shop");
	s->o.sites[1].paused = true;
	s->o.site_count = 2;
	s->o.problems[0] = (struct overview_problem){.word = evil,
						     .site = evil,
						     .first = evil,
						     .last = evil,
						     .example = evil,
						     .advice = evil,
						     .reason = REASON_BAD_VALUE,
						     .count = 2};
	s->o.problems[1] = s->o.problems[0];
	s->o.problems[1].reason = REASON_NOT_MAPPED;
	s->o.problem_count = 2;
	s->o.unmapped[0] = (struct overview_unmapped){evil, 7};
	s->o.unmapped_count = 1;
	s->o.steps[0] = (struct overview_step){evil, evil, evil};
	s->o.steps[1] = (struct overview_step){STR("status"), evil, STR("failed: <")};
	s->o.step_count = 2;
	s->o.event_id = s->o.zone = s->o.hours_of = evil;
	memcpy(s->o.story_error, EVIL, sizeof(EVIL));
	s->o.totals.destinations = 2;
	s->site = (struct vitals_site){.name = EVIL};
	s->v = (struct vitals){.db_path = "/var/" EVIL,
			       .sites = &s->site,
			       .count = 1,
			       .trouble = EVIL,
			       .unreadable = true};
	s->p = (struct page_view){.overview = &s->o,
				  .vitals = &s->v,
				  .notice = EVIL,
				  .tcp = true,
				  .token = evil};
	buf_clear(&html);
}

static void close_scene(struct scene *s)
{
	overview_fini(&s->o);
}

/* The page's own tags are as many as with harmless text; each field is there, as text. */
static void hostile_text_stays_text(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	open_scene(s);
	page_render(&s->p, &html);
	assert_false(html.full);
	assert_int_equal(times("<script>"), 1);
	assert_int_equal(times("<script>alert"), 0);
	assert_int_equal(times("<b onclick"), 0);
	assert_int_equal(times(EVIL), 0);
	assert_true(times("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#62;") >=
		    30);
	close_scene(s);
	free(s);
}

static void an_unreadable_database_is_told(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	open_scene(s);
	s->v.trouble[0] = '\0';
	s->p.unreadable = "disk <full>";
	page_render(&s->p, &html);
	assert_int_equal(
		times("Needs you: the database cannot be used. disk &#60;full&#62;"), 1);
	assert_int_equal(times("id=\"funnel\""), 0);
	assert_int_equal(times("</html>"), 1);
	close_scene(s);
	free(s);
}

/* The token goes along only where a form brought it; a link never has it. */
static void the_token_stays_in_forms(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	open_scene(s);
	s->p.token = STR("0123456789");
	page_render(&s->p, &html);
	assert_int_equal(times("value=\"0123456789\""), 2);
	assert_int_equal(times("0123456789"), 2);
	buf_clear(&html);
	s->p.tcp = false;
	page_render(&s->p, &html);
	assert_int_equal(times("0123456789"), 1);
	buf_clear(&html);
	s->p.token = STR("");
	page_render(&s->p, &html);
	assert_int_equal(times("placeholder=\"token, to change\""), 1);
	close_scene(s);
	free(s);
}

static void signing_in(void **state)
{
	(void)state;
	buf_clear(&html);
	page_sign_in(false, &html);
	assert_int_equal(times("That is not the token"), 0);
	assert_int_equal(times("id=\"live\""), 0);
	buf_clear(&html);
	page_sign_in(true, &html);
	assert_int_equal(times("That is not the token"), 1);
}

static void numbers(void **state)
{
	static const struct {
		int64_t value;
		const char *age, *bytes, *bound;
	} rows[] = {
		{-1, "-1 s", "-1 B", "more"},
		{0, "0 s", "0 B", "0 ms"},
		{99, "99 s", "99 B", "99 ms"},
		{100, "1 min", "100 B", "100 ms"},
		{2500, "41 min", "2.5 kB", "2.5 s"},
		{6000, "1 h", "6.0 kB", "6 s"},
		{300000, "3 days", "300 kB", "5 min"},
		{INT64_C(43200000), "500 days", "43 MB", "12 h"},
		{INT64_C(7000000000), "81018 days", "7.0 GB", "81 days"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&html);
		page_age(&html, rows[i].value);
		assert_string_equal(buf_z(&html), rows[i].age);
		buf_clear(&html);
		page_bytes(&html, rows[i].value);
		assert_string_equal(buf_z(&html), rows[i].bytes);
		buf_clear(&html);
		page_bound(&html, rows[i].value);
		assert_string_equal(buf_z(&html), rows[i].bound);
	}
}

static void one_is_spoken_of_as_one(void **state)
{
	static const struct {
		int64_t count;
		const char *said;
	} rows[] = {
		{1, "1 delivery goes back to the queue and is decided anew."},
		{2, "2 deliveries go back to the queue and are decided anew."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s = {.p = {0}};

		open_scene(&s);
		s.o.problems[0].count = rows[i].count;
		s.o.problem_count = 1;
		page_problems(&s.p, &html);
		if (!strstr(buf_z(&html), rows[i].said))
			fail_msg("'%s' is not in %s", rows[i].said, buf_z(&html));
		close_scene(&s);
	}
}

static void times_are_local(void **state)
{
	static const struct {
		const char *utc, *shown;
	} rows[] = {
		{"2025-11-25T14:05:09.123Z", ">15:05</time>"},
		{"2025-11-24T23:30:00.000Z", ">00:30</time>"}, /* today there */
		{"2025-11-24T22:30:00.000Z", ">24 Nov 23:30</time>"},
		{"2025-07-01T10:00:00.000Z", ">1 Jul 12:00</time>"},
		{"2025-11-25", "2025-11-25"},
		{"2025-13-25T14:05:09.123Z", "2025-13-25T14:05:09.123Z"},
		{"", ""},
	};
	struct overview o = {.now_s = NOW_S};
	struct err e;

	(void)state;
	o.clock = zone_open("Europe/Berlin", &e);
	assert_non_null(o.clock);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&html);
		page_time(&html, &o, str_of(rows[i].utc));
		if (!strstr(buf_z(&html), rows[i].shown))
			fail_msg("%s: %s", rows[i].utc, buf_z(&html));
	}
	zone_free(o.clock);
}

/* The highest bar fills the chart as far as its scale says. */
static void bars_are_to_scale(void **state)
{
	static const struct {
		int64_t most;
		const char *top, *height;
	} rows[] = {
		{1, ">5<", "20.00"},
		{5, ">5<", "100.00"},
		{6, ">10<", "60.00"},
		{150, ">200<", "75.00"},
		{201, ">500<", "40.20"},
		{700, ">1,000<", "70.00"},
		{9999999, ">10,000,000<", "100.00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct overview o = {.now_s = NOW_S, .zone = STR("UTC")};
		struct page_view p = {.overview = &o};

		o.hours[3].delivered = rows[i].most;
		o.hours[4].lost = 1;
		buf_clear(&html);
		page_hours(&p, &html);
		if (!strstr(buf_z(&html), rows[i].top) ||
		    !strstr(buf_z(&html), rows[i].height))
			fail_msg("%lld: %.1500s", (long long)rows[i].most, buf_z(&html));
	}
}

/* What is lost is taken from what came, and the rest is what was delivered. */
static void the_funnel_adds_up(void **state)
{
	struct overview o = {.now_s = NOW_S};
	struct page_view p = {.overview = &o};

	(void)state;
	o.count[STATUS_DELIVERED * 16] = 80;
	o.count[REASON_NOT_MAPPED] = 7;
	o.count[REASON_TOO_OLD] = 3;
	o.count[REASON_BAD_VALUE] = 4;
	o.count[STATUS_PENDING * 16] = 5;
	o.totals.unclaimed = 1;
	page_funnel(&p, (buf_clear(&html), &html));
	assert_int_equal(times("<span class=\"amount\">100</span>"), 1);
	assert_int_equal(times("<span class=\"amount\">−10</span>"), 1);
	assert_int_equal(times("<span class=\"amount\">86</span>"), 1);
	assert_int_equal(times("<span class=\"amount\">−6</span>"), 1);
	assert_int_equal(times("<span class=\"amount\">80</span>"), 1);
	assert_int_equal(times("<code>not_mapped</code><span>7</span>"), 1);
	assert_int_equal(times("<code>too_old</code><span>3</span>"), 1);
	assert_int_equal(times("<details"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_stays_text),
		cmocka_unit_test(an_unreadable_database_is_told),
		cmocka_unit_test(the_token_stays_in_forms),
		cmocka_unit_test(signing_in),
		cmocka_unit_test(numbers),
		cmocka_unit_test(one_is_spoken_of_as_one),
		cmocka_unit_test(times_are_local),
		cmocka_unit_test(bars_are_to_scale),
		cmocka_unit_test(the_funnel_adds_up),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
