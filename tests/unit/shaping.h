/* SPDX-License-Identifier: MIT
 * shaping.h - what every test of a shaped event needs: scratch memory and three texts.
 *
 * Owns:    its buffers, from shaping_set_up to shaping_tear_down.
 * Thread:  one.
 * Errors:  fail the test. */
#ifndef TESTS_UNIT_SHAPING_H
#define TESTS_UNIT_SHAPING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/shape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scratch scratch;
static struct digest digest;
static struct buf payload, out, other;

static int shaping_set_up(void **state)
{
	(void)state;
	scratch_init(&scratch);
	digest_init(&digest);
	buf_init(&payload, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&other, 1 << 20);
	return 0;
}

static int shaping_tear_down(void **state)
{
	(void)state;
	buf_fini(&other);
	buf_fini(&out);
	buf_fini(&payload);
	digest_fini(&digest);
	scratch_fini(&scratch);
	return 0;
}

#endif
