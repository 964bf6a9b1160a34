/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/digest.h"
#include "core/normalize.h"
#include "core/sha256_hex.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* NULL: nothing valid is left. */
struct row {
	const char *in, *out;
};

static void check_rows(bool (*f)(struct str, struct buf *), const struct row *rows,
		       size_t count)
{
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < count; i++) {
		buf_clear(&b);
		buf_addc(&b, '<');
		if (f(str_of(rows[i].in), &b) != (rows[i].out != NULL))
			fail_msg("'%s': %s", rows[i].in, buf_z(&b));
		if (rows[i].out == NULL)
			assert_string_equal(buf_z(&b), "<");
		else
			assert_string_equal(buf_z(&b) + 1, rows[i].out);
	}
	buf_fini(&b);
}

static void emails(void **state)
{
	static const struct row rows[] = {
		{"alice_abc@gmail.com", "alice_abc@gmail.com"},
		{" \tAlice_ABC@Gmail.COM\r\n", "alice_abc@gmail.com"},
		{"a.b+tag@example.co.uk", "a.b+tag@example.co.uk"},
		{"JÖRG@Bücher.DE", "jörg@bücher.de"},
		{"Jo\xcc\x88rg@x.de", "jörg@x.de"},
		{"\xc2\xa0\xe2\x80\x8b"
		 "A@x.de\xe3\x80\x80\xef\xbb\xbf",
		 "a@x.de"},
		{"ΑΣ@x.gr", "ας@x.gr"},
		{"user@localhost", "user@localhost"},
		{"", NULL},
		{"   ", NULL},
		{"alice", NULL},
		{"@x.de", NULL},
		{"alice@", NULL},
		{"a@b@c.de", NULL},
		{"a b@c.de", NULL},
		{"a\x01@c.de", NULL},
		{"ä ö@c.de", NULL},
		{"Alice <A@x.de>", "a@x.de"},
		{"mailto:\"a@x.de\"?subject=hi", "a@x.de"},
		{"<>", NULL},
		{"a@x.de,b@x.de", NULL},
		{"\xff\xfe@x.de", NULL},
		{"a@x.de\xc3", NULL},
	};

	(void)state;
	check_rows(normalize_email, rows, COUNT(rows));
}

static void names(void **state)
{
	static const struct row rows[] = {
		{"Jane", "jane"},
		{"  Mary \t Ann\n", "mary ann"},
		{"O'Neil-Smith", "o'neil-smith"},
		{"JOSÉ  \xc2\xa0 Núñez ", "josé núñez"},
		{"ÅSA", "åsa"},
		{"A\xcc\x8aSA", "åsa"},
		{"李 小龍", "李 小龍"},
		{" \xc2\xa0 ", NULL},
		{"\x01\x02", NULL},
		{"", NULL},
		{"a\xe9", NULL},
	};

	(void)state;
	check_rows(normalize_name, rows, COUNT(rows));
}

static void zips(void **state)
{
	static const struct row rows[] = {
		{"95110", "95110"},
		{"95110-1234", "951101234"},
		{" M5V 3L9 ", "m5v3l9"},
		{"SW1A\xc2\xa0"
		 "1AA",
		 "sw1a1aa"},
		{"\xef\xbc\x91\xef\xbc\x90\xef\xbc\x90\xe2\x80\x93\xef\xbc\x91", "1001"},
		{"- -", NULL},
		{"", NULL},
	};

	(void)state;
	check_rows(normalize_zip, rows, COUNT(rows));
}

static void places(void **state)
{
	static const struct row rows[] = {
		{"San Jose", "sanjose"},
		{"Târgu Mureș", "targumures"},
		{"T\xc3\xa2rgu Mures\xcc\xa6", "targumures"},
		{"St. John's", "stjohns"},
		{"Winston-Salem", "winstonsalem"},
		{"Łódź", "lodz"},
		{"Straße", "strasse"},
		{"Tromsø", "tromso"},
		{"Đà Nẵng", "danang"},
		{"İstanbul", "istanbul"},
		{"\xef\xbc\xb4okyo", "tokyo"},
		{"東京", "東京"},
		{"Москва", "москва"},
		{"Йошкар-Ола", "йошкарола"},
		{"दिल्ली", "दिल्ली"},
		{"がくえん", "がくえん"},
		{"CA", "ca"},
		{" - ", NULL},
		{"\xcc\x81", NULL},
		{"", NULL},
	};

	(void)state;
	check_rows(normalize_place, rows, COUNT(rows));
}

static void ids(void **state)
{
	static const struct row external[] = {
		{" User_123 ", "User_123"}, {"ü", "ü"},  {"", NULL}, {" \n", NULL},
		{" 4711.0 ", "4711"},       {".0", ".0"}};
	static const struct row idfa[] = {
		{"ea7583cd-a667-48bc-b806-42ecb2b48606",
		 "EA7583CD-A667-48BC-B806-42ECB2B48606"},
		{"00000000-0000-0000-0000-000000000000", NULL},
		{"EA75 83CD", NULL},
		{"", NULL},
	};
	static const struct row gaid[] = {
		{"AAAAAA-2222-1111-8787-809e92233ba0",
		 "aaaaaa-2222-1111-8787-809e92233ba0"},
		{"00000000-0000-0000-0000-000000000000", NULL},
		{"x\"y", NULL},
	};

	(void)state;
	check_rows(normalize_external_id, external, COUNT(external));
	check_rows(normalize_idfa, idfa, COUNT(idfa));
	check_rows(normalize_gaid, gaid, COUNT(gaid));
}

static void addresses(void **state)
{
	static const struct row rows[] = {
		{"203.0.113.9", "203.0.113.9"},
		{" 203.0.113.9\n", "203.0.113.9"},
		{"2001:DB8::1", "2001:DB8::1"},
		{"2001:0db8:0000:0000:0000:0000:0000:0001",
		 "2001:0db8:0000:0000:0000:0000:0000:0001"},
		{"::ffff:203.0.113.9", "203.0.113.9"},
		{"::FFFF:cb00:7109", "203.0.113.9"},
		{"172.15.0.1", "172.15.0.1"},
		{"100.128.0.1", "100.128.0.1"},
		{"223.255.255.254", "223.255.255.254"},
		{"fbff::1", "fbff::1"},
		{"0.0.0.0", NULL},
		{"10.1.2.3", NULL},
		{"100.64.0.1", NULL},
		{"127.0.0.1", NULL},
		{"169.254.169.254", NULL},
		{"172.31.255.255", NULL},
		{"192.168.1.1", NULL},
		{"224.0.0.1", NULL},
		{"255.255.255.255", NULL},
		{"::", NULL},
		{"::1", NULL},
		{"fd12::1", NULL},
		{"fe80::1", NULL},
		{"ff02::1", NULL},
		{"::ffff:10.0.0.1", NULL},
		{"[2001:db8::1]", "2001:db8::1"},
		{"unknown, 10.0.0.1, 203.0.113.9:443 , 203.0.113.8", "203.0.113.9"},
		{"203.0.113.9:443", "203.0.113.9"},
		{"203.0.113.0/24", NULL},
		{"fe80::1%eth0", NULL},
		{"123.456.789.1", NULL},
		{"203.0.113", NULL},
		{"203.0.113.9, 10.0.0.1", "203.0.113.9"},
		{"unknown", NULL},
		{"", NULL},
		{"2001:0db8:0000:0000:0000:0000:0000:0001:0001:0001:0001", NULL},
	};

	(void)state;
	check_rows(normalize_ip, rows, COUNT(rows));
}

/* Of texts that look like an address, those are one that inet_pton takes. */
static void reads_ipv4_as_others_do(void **state)
{
	static const char bytes[] = "0125....";
	uint32_t chance = 1;
	int taken = 0;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (int round = 0; round < 200000; round++) {
		unsigned char a[4];
		char text[20] = "198.5";
		size_t len = 3;

		for (size_t want = 7 + (size_t)round % 10; len < want; len++) {
			chance = chance * 1664525 + 1013904223;
			text[len] = bytes[chance >> 29];
		}
		text[len] = '\0';
		buf_clear(&b);
		if (normalize_ip(str_make(text, len), &b) !=
		    (inet_pton(AF_INET, text, a) == 1))
			fail_msg("%s", text);
		taken += b.len > 0;
	}
	assert_in_range(taken, 1000, 100000);
	buf_fini(&b);
}

static void locales(void **state)
{
	static const struct row rows[] = {
		{"en-US", "en-US"},
		{"en_US", "en-US"},
		{"EN_us", "en-US"},
		{" de ", "de"},
		{"zh_hant_tw", "zh-Hant-TW"},
		{"es-419", "es-419"},
		{"sl-rozaj", "sl-rozaj"},
		{"de_DE.UTF-8", "de-DE"},
		{"ca_ES@valencia", "ca-ES"},
		{"de-DE-u-co-phonebk", "de-DE-u-co-phonebk"},
		{"C", NULL},
		{"POSIX", NULL},
		{"e", NULL},
		{"en-", NULL},
		{"-US", NULL},
		{"en--US", NULL},
		{"en US", NULL},
		{"english", NULL},
		{"en-ÜS", NULL},
		{"en,de;q=0.5", NULL},
		{"", NULL},
	};

	(void)state;
	check_rows(normalize_locale, rows, COUNT(rows));
}

static void currencies(void **state)
{
	static const struct row rows[] = {
		{"usd", "USD"}, {" Eur ", "EUR"}, {"US$", NULL}, {"US", NULL},
		{"EURO", NULL}, {"", NULL},       {"€", NULL},   {"978", NULL},
	};

	(void)state;
	check_rows(normalize_currency, rows, COUNT(rows));
}

/* TikTok's documented examples. */
static void hashes(void **state)
{
	static const struct {
		bool (*f)(struct str, struct buf *);
		const char *in, *hex;
	} rows[] = {
		{normalize_email, " Alice_ABC@gmail.com",
		 "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"},
		{normalize_external_id, "user_123",
		 "80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b"},
		{normalize_name, "Jane ",
		 "81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2"},
		{normalize_zip, "95110",
		 "383f7fffd99f3b1c3066086bcf991eae7ad543589d12bd792ecb6dc8b5acebc1"},
		{normalize_zip, "M5V 3L9",
		 "5c850751d57c5d887fe7807d3da801efe7e8faa1f105ea36cdcd913dd32a41c7"},
		{normalize_idfa, "ea7583cd-a667-48bc-b806-42ecb2b48606",
		 "70574fa9c8f498a7b2e5c8712b1126de7b1406fd02fdc591821c5bd33092fd1c"},
		{normalize_gaid, "AAAAAA-2222-1111-8787-809e92233ba0",
		 "0ebad966881e1eebffe69b3abf624631cf83ec9bf8cb3ce134c7c75c6d8ee7fc"},
	};
	struct digest d;
	struct buf b;
	char hex[DIGEST_HEX_LEN];

	(void)state;
	digest_init(&d);
	buf_init(&b, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&b);
		assert_true(rows[i].f(str_of(rows[i].in), &b));
		digest_hex(&d, buf_str(&b), hex);
		assert_memory_equal(hex, rows[i].hex, sizeof(hex));
		assert_true(is_sha256_hex(str_make(hex, sizeof(hex))));
	}
	buf_clear(&b);
	assert_true(normalize_phone(STR("(213) 373-4253"), "US", &b));
	digest_hex(&d, buf_str(&b), hex);
	assert_memory_equal(
		hex, "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd",
		sizeof(hex));
	buf_fini(&b);
	digest_fini(&d);
}

/* What does not fit is not there, and nothing is read past the end. */
static void keeps_to_the_cap(void **state)
{
	static char big[NORMALIZE_IN_MAX + 1];
	struct buf b;

	(void)state;
	memset(big, 'a', sizeof(big));
	buf_init(&b, 10);
	buf_adds(&b, STR("1234"));
	assert_false(normalize_email(STR("alice@example.com"), &b));
	assert_int_equal(b.len, 4);
	buf_clear(&b);
	assert_false(normalize_locale(STR("zh-Hant-TW-x-a"), &b));
	assert_int_equal(b.len, 0);
	buf_fini(&b);
	buf_init(&b, 2 * sizeof(big));
	assert_false(normalize_name(str_make(big, sizeof(big)), &b));
	assert_false(normalize_external_id(str_make(big, sizeof(big)), &b));
	big[0] = (char)0xc3;
	big[1] = (char)0xa9;
	assert_false(normalize_place(str_make(big, sizeof(big)), &b));
	assert_true(normalize_place(str_make(big, 1024), &b));
	assert_int_equal(b.len, 1023);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emails),
		cmocka_unit_test(names),
		cmocka_unit_test(zips),
		cmocka_unit_test(places),
		cmocka_unit_test(ids),
		cmocka_unit_test(addresses),
		cmocka_unit_test(locales),
		cmocka_unit_test(currencies),
		cmocka_unit_test(hashes),
		cmocka_unit_test(keeps_to_the_cap),
		cmocka_unit_test(reads_ipv4_as_others_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
